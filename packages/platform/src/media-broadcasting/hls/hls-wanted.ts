import { AppError } from '@cardea/core';
import type { HlsPosition } from './hls-window.ts';

/** What a request is for, below `/live/{deviceId}/{channel}/{stream}/`. */
export type HlsWanted =
  /** What the playlist must hold; without `position` the first part will do. */
  | { readonly kind: 'playlist'; readonly position: HlsPosition | undefined }
  | { readonly kind: 'init'; readonly version: number }
  | { readonly kind: 'segment'; readonly sequence: number }
  | { readonly kind: 'part'; readonly sequence: number; readonly part: number };

export const PLAYLIST_FILE = 'index.m3u8';

/** Delivery directives of RFC 8216bis 6.2.5, as they came. */
export interface HlsDirectives {
  readonly sequence: string | undefined;
  readonly part: string | undefined;
}

/**
 * What `file` is; `undefined` when it is nothing of ours.
 * @throws AppError INVALID_PARAMS for directives that are no numbers, or a part of no segment (RFC 8216bis 6.2.5.2)
 */
export function hlsWantedOf(file: string | undefined, directives: HlsDirectives): HlsWanted | undefined {
  if (file === PLAYLIST_FILE) return { kind: 'playlist', position: positionOf(directives) };
  const [, kind, first, second] = /^(init|segment|part)-(\d{1,15})(?:-(\d{1,6}))?\.m(?:p4|4s)$/.exec(file ?? '') ?? [];
  if (kind === 'part' && second !== undefined) return { kind, sequence: Number(first), part: Number(second) };
  if (second !== undefined) return undefined;
  if (kind === 'init') return { kind, version: Number(first) };
  return kind === 'segment' ? { kind, sequence: Number(first) } : undefined;
}

function positionOf({ sequence, part }: HlsDirectives): HlsPosition | undefined {
  if (sequence === undefined && part !== undefined) throw new AppError('INVALID_PARAMS', { _HLS_part: 'needs _HLS_msn' });
  if (sequence === undefined) return undefined;
  return { sequence: numberOf('_HLS_msn', sequence), ...(part !== undefined && { part: numberOf('_HLS_part', part) }) };
}

function numberOf(name: string, text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new AppError('INVALID_PARAMS', { [name]: 'a whole number' });
  return Number(text);
}
