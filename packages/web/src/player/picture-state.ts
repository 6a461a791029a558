import { isPrivacyMode } from '../api/problem-text.ts';
import type { Device } from '../api/queries.ts';
import type { LiveStatus } from './live-status.ts';

/** What the picture of a camera is, in the words of the person who looks at it. */
export type PictureState =
  | { readonly kind: 'live' | 'connecting' | 'idle' | 'blocked' | 'asleep' | 'private' | 'offline' }
  | { readonly kind: 'offlineSince'; readonly since: number }
  | { readonly kind: 'stopped'; readonly stillAt: number }
  | { readonly kind: 'retrying' | 'refused'; readonly cause: unknown }
  | { readonly kind: 'unsupported'; readonly mime: string };

export type PictureTone = 'live' | 'calm' | 'warn' | 'alert';

/** What to say about a picture; what is really on show counts more than what the platform knows of the device. */
export function pictureState({ state, lastSeenAt }: Pick<Device, 'state' | 'lastSeenAt'>, status: LiveStatus): PictureState {
  if (status.kind === 'playing') return { kind: 'live' };
  if (state === 'offline') return lastSeenAt === null ? { kind: 'offline' } : { kind: 'offlineSince', since: lastSeenAt };
  if (state === 'asleep' && status.kind !== 'connecting') return { kind: 'asleep' };
  switch (status.kind) {
    case 'stalled':
      return { kind: 'stopped', stillAt: status.stillAt };
    case 'retrying':
    case 'refused':
      return isPrivacyMode(status.cause) ? { kind: 'private' } : { kind: status.kind, cause: status.cause };
    case 'unsupported':
      return { kind: 'unsupported', mime: status.mime };
    default:
      return { kind: status.kind };
  }
}

const tones: Readonly<Record<PictureState['kind'], PictureTone>> = {
  live: 'live',
  connecting: 'calm',
  idle: 'calm',
  blocked: 'calm',
  asleep: 'calm',
  private: 'calm',
  offline: 'alert',
  offlineSince: 'alert',
  stopped: 'warn',
  retrying: 'warn',
  refused: 'alert',
  unsupported: 'warn',
};

/** How loud to say it. */
export function toneOf({ kind }: PictureState): PictureTone {
  return tones[kind];
}
