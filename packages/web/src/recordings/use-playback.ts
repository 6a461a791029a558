import { useCallback, useState } from 'react';
import type { StreamName } from '../api/queries.ts';

export interface Playback {
  readonly deviceId: string;
  readonly channel: number;
  readonly stream: StreamName;
  /** Where to begin, and the number of the wish, so that the same place can be wished for again; `undefined`: nothing is played. */
  readonly wish: { readonly from: number; readonly number: number } | undefined;
  readonly playAt: (instant: number) => void;
  readonly stop: () => void;
}

/** What a user wishes to see of the recordings of a channel. */
export function usePlayback(source: Pick<Playback, 'deviceId' | 'channel' | 'stream'>): Playback {
  const [wish, setWish] = useState<Playback['wish']>();
  return {
    ...source,
    wish,
    playAt: useCallback((from) => setWish((before) => ({ from, number: (before?.number ?? 0) + 1 })), []),
    stop: useCallback(() => setWish(undefined), []),
  };
}
