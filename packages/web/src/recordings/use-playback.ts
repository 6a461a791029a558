import type { Segment } from '@cardea/api';
import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { segmentsQuery } from '../api/queries.ts';
import { useApp } from '../app-context.ts';
import { bestStream, segmentAt } from './coverage.ts';
import { hourStart } from './hours.ts';

const HOUR_MS = 3_600_000;
/** A pause in the recordings longer than this is told. */
const GAP_TOLD_MS = 3_000;
/** How many hours without recordings are skipped in search of the next. */
const SEARCH_HOURS = 12;

export interface Playing {
  readonly segment: Segment;
  /** Where to begin in it. */
  readonly offsetMs: number;
  /** How long nothing was recorded before it, when the playback came upon that. */
  readonly gapMs: number;
  /** Rises with every wish, so that the same place can be wished for again. */
  readonly wish: number;
}

export interface Playback {
  readonly playing: Playing | undefined;
  /** What comes after it, to be loaded ahead. */
  readonly next: Segment | undefined;
  /** There is nothing newer. */
  readonly ended: boolean;
  readonly playAt: (instant: number) => void;
  readonly playNext: () => void;
  readonly stop: () => void;
}

/** Plays what a channel recorded, one piece after the other. */
export function usePlayback({ deviceId, channel }: { readonly deviceId: string; readonly channel: number }): Playback {
  const { api, clock } = useApp();
  const queries = useQueryClient();
  const [playing, setPlaying] = useState<Playing>();
  const [next, setNext] = useState<Segment>();
  const [ended, setEnded] = useState(false);
  const wishes = useRef(0);

  const find = useCallback(
    async (instant: number) => {
      const first = hourStart(instant);
      for (let hour = first; hour < Math.min(clock.nowMs(), first + SEARCH_HOURS * HOUR_MS); hour += HOUR_MS) {
        const range = { deviceId, channel, fromMs: hour, toMs: hour + HOUR_MS };
        const found = segmentAt(bestStream(await queries.fetchQuery(segmentsQuery(api, range))), instant);
        if (found !== undefined) return found;
      }
      return undefined;
    },
    [api, clock, queries, deviceId, channel],
  );
  const go = useCallback(
    async (instant: number, comesFrom?: number) => {
      const wish = ++wishes.current;
      const found = await find(instant).catch(() => undefined);
      if (wish !== wishes.current) return;
      setEnded(found === undefined);
      if (found === undefined) return;
      const pauseMs = comesFrom === undefined ? 0 : found.segment.startAt - comesFrom;
      setPlaying({ ...found, wish, gapMs: pauseMs > GAP_TOLD_MS ? pauseMs : 0 });
    },
    [find],
  );
  useEffect(() => {
    let current = true;
    setNext(undefined);
    if (playing !== undefined) {
      find(playing.segment.endAt).then(
        (found) => current && setNext(found?.segment),
        () => {},
      );
    }
    return () => {
      current = false;
    };
  }, [playing, find]);

  return {
    playing,
    next,
    ended,
    playAt: useCallback((instant) => void go(instant), [go]),
    playNext: useCallback(() => playing && void go(playing.segment.endAt, playing.segment.endAt), [go, playing]),
    stop: useCallback(() => {
      wishes.current += 1;
      setPlaying(undefined);
      setEnded(false);
    }, []),
  };
}
