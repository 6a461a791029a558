import type { FrameDefinition, FrameOf } from '../message.ts';
import { vmTimers } from '../timers.ts';
import { utf8Length } from '../utf8-length.ts';
import { validateFrame } from '../validate.ts';
import { mediaBroadcastingStarted, mediaServiceError, redirectMedia, startMediaBroadcasting } from './start-media-broadcasting.ts';
import { stopMediaService } from './stop-media-service.ts';

/** The text frames of a media session on carrier `wss-fmp4`. */
export const vmFrames = [startMediaBroadcasting, mediaBroadcastingStarted, mediaServiceError, redirectMedia, stopMediaService] as const;

export type VmFrame = FrameOf<(typeof vmFrames)[number]>;

/** The frame in a text message of a media session, or `undefined` when it is none: too long, not JSON, unknown, or wrong. */
export function decodeVmFrame(text: string): VmFrame | undefined {
  return decodeFrame(vmFrames, text);
}

/** The frame of one of `definitions` in `text`, or `undefined` when it is none of them. */
export function decodeFrame<const D extends FrameDefinition>(definitions: readonly D[], text: string): FrameOf<D> | undefined {
  const value = parse(text);
  if (typeof value !== 'object' || value === null || !('type' in value)) return undefined;
  const definition = definitions.find((candidate) => candidate.type === value.type);
  if (definition === undefined) return undefined;
  const judged = validateFrame(definition, value);
  return judged.ok ? judged.value : undefined;
}

function parse(text: string): unknown {
  if (utf8Length(text) > vmTimers.maxTextFrameBytes) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
