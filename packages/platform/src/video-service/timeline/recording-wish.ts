import { hoursWithin, type WeekHours } from '@cardea/core';
import type { Span } from './spans.ts';

/** What the platform wants a camera to record; without `mode` it is what the camera itself is set to. */
export interface RecordingWish {
  readonly mode?: 'continuous' | 'event' | 'off';
  readonly streams?: 'all' | 'main' | 'sub';
  /** Without them at all hours. */
  readonly hours?: { readonly parts: readonly WeekHours[]; readonly timezone: string };
}

/** As the ledger keeps it: the same text for the same wish. */
export function writeWish({ mode, streams, hours }: RecordingWish): string {
  return JSON.stringify({ mode, streams, hours });
}

export function readWish(text: string): RecordingWish {
  // Written by `writeWish`.
  return JSON.parse(text) as RecordingWish;
}

/** The parts of `range` in which everything is to be recorded; `undefined`: that is for the camera to say. */
export function wantedBy({ mode, hours }: RecordingWish, range: Span): readonly Span[] | undefined {
  if (mode === undefined) return undefined;
  if (mode !== 'continuous') return [];
  return hours === undefined ? [range] : hoursWithin(hours.parts, range, hours.timezone);
}
