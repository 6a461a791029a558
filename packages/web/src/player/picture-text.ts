import type { TFunction } from 'i18next';
import { problemKey } from '../api/problem-text.ts';
import { durationText, instantText } from '../time-text.ts';
import { videoCodecName } from './codec-name.ts';
import type { PictureState } from './picture-state.ts';

/** The state of a picture in a few words. */
export function pictureText(t: TFunction, state: PictureState, now: number): string {
  switch (state.kind) {
    case 'offlineSince':
      return t('picture.offlineSince', { time: instantText(state.since, now) });
    case 'stopped':
      return t('picture.stopped', { age: durationText(now - state.stillAt) });
    default:
      return t(`picture.${state.kind}`);
  }
}

/** Why, and what comes next; `undefined` when there is nothing to explain. */
export function pictureHint(t: TFunction, state: PictureState): string | undefined {
  switch (state.kind) {
    case 'retrying':
    case 'refused':
      return t(problemKey(state.cause));
    case 'unsupported':
      return t('picture.hint.unsupported', { codec: videoCodecName(state.mime) });
    case 'offline':
    case 'offlineSince':
      return t('picture.hint.offlineSince');
    case 'asleep':
    case 'private':
    case 'blocked':
      return t(`picture.hint.${state.kind}`);
    default:
      return undefined;
  }
}
