import { ByteCursor } from '../byte-cursor.ts';
import { MediaError } from '../media-error.ts';
import { opusConfigOf } from '../opus.ts';
import { ENHANCED_VIDEO, enhancedAudio, enhancedVideo, fourCc, frameType, packetType, soundFormat, videoCodec } from './flv-codes.ts';

/** What one audio or video tag says, classic or enhanced. Views of the tag, not copies. */
export type FlvBody<C extends string> =
  | { readonly says: 'config'; readonly codec: C; readonly config: Uint8Array }
  | FlvUnit<C>
  /** The end of a sequence, a command, metadata, or sound nothing here can carry. */
  | { readonly says: 'nothing' };

export interface FlvUnit<C extends string> {
  readonly says: 'unit';
  readonly codec: C;
  readonly keyframe: boolean;
  /** From decoding to showing. */
  readonly offsetMs: number;
  readonly data: Uint8Array;
}

export type FlvVideoCodec = 'h264' | 'h265' | 'av1';
export type FlvAudioCodec = 'aac' | 'opus' | 'g711a' | 'g711u';

const nothing = { says: 'nothing' } as const;
const COMMAND_FRAME = 5;
const videoByFourCc = new Map<number, FlvVideoCodec>([
  [fourCc.h264, 'h264'],
  [fourCc.h265, 'h265'],
  [fourCc.av1, 'av1'],
]);
/** 12 is no number of Adobe's, but cameras that know no enhanced form use it. */
const videoByNumber = new Map<number, FlvVideoCodec>([
  [videoCodec.avc, 'h264'],
  [videoCodec.hevc, 'h265'],
]);

/** @throws MediaError OBJECT_MISMATCH when cut short, CODEC_UNSUPPORTED for a codec nothing here can carry */
export function parseVideoBody(data: Uint8Array): FlvBody<FlvVideoCodec> {
  const cursor = new ByteCursor(data);
  const first = cursor.u8();
  const type = (first >> 4) & 7;
  if (type === COMMAND_FRAME) return nothing;
  const keyframe = type === frameType.key;
  if ((first & ENHANCED_VIDEO) !== 0) return parseEnhancedVideo(cursor, first & 0x0f, keyframe);
  const codec = videoByNumber.get(first & 0x0f);
  if (codec === undefined) throw new MediaError('CODEC_UNSUPPORTED', `video codec ${first & 0x0f} of FLV`);
  const packet = cursor.u8();
  const offsetMs = signed24(cursor);
  if (packet === packetType.sequenceHeader) return { says: 'config', codec, config: rest(cursor) };
  return packet === packetType.coded ? { says: 'unit', codec, keyframe, offsetMs, data: rest(cursor) } : nothing;
}

function parseEnhancedVideo(cursor: ByteCursor, firstPacket: number, keyframe: boolean): FlvBody<FlvVideoCodec> {
  const packet = skipModifiers(cursor, firstPacket, enhancedVideo.modEx);
  const code = cursor.u32();
  if (packet !== enhancedVideo.sequenceStart && packet !== enhancedVideo.coded && packet !== enhancedVideo.codedWithoutOffset)
    return nothing;
  const codec = videoByFourCc.get(code);
  if (codec === undefined) throw new MediaError('CODEC_UNSUPPORTED', `video codec ${code.toString(16)} of enhanced FLV`);
  if (packet === enhancedVideo.sequenceStart) return { says: 'config', codec, config: rest(cursor) };
  const offsetMs = packet === enhancedVideo.coded && codec !== 'av1' ? signed24(cursor) : 0;
  return { says: 'unit', codec, keyframe, offsetMs, data: rest(cursor) };
}

/** Sound in a codec nothing here can carry says nothing: the picture matters more. @throws MediaError OBJECT_MISMATCH when cut short */
export function parseAudioBody(data: Uint8Array): FlvBody<FlvAudioCodec> {
  const cursor = new ByteCursor(data);
  const first = cursor.u8();
  const format = first >> 4;
  if (format === soundFormat.enhanced) return parseEnhancedAudio(cursor, first & 0x0f);
  if (format === soundFormat.g711a) return sound('g711a', rest(cursor));
  if (format === soundFormat.g711u) return sound('g711u', rest(cursor));
  if (format !== soundFormat.aac) return nothing;
  const packet = cursor.u8();
  return packet === packetType.sequenceHeader ? { says: 'config', codec: 'aac', config: rest(cursor) } : sound('aac', rest(cursor));
}

function parseEnhancedAudio(cursor: ByteCursor, firstPacket: number): FlvBody<FlvAudioCodec> {
  const packet = skipModifiers(cursor, firstPacket, enhancedAudio.modEx);
  const code = cursor.u32();
  const codec = code === fourCc.opus ? 'opus' : code === fourCc.aac ? 'aac' : undefined;
  if (codec === undefined) return nothing;
  if (packet === enhancedAudio.coded) return sound(codec, rest(cursor));
  if (packet !== enhancedAudio.sequenceStart) return nothing;
  const config = rest(cursor);
  return { says: 'config', codec, config: codec === 'opus' ? opusConfigOf(config) : config };
}

function sound(codec: FlvAudioCodec, data: Uint8Array): FlvBody<FlvAudioCodec> {
  return data.length === 0 ? nothing : { says: 'unit', codec, keyframe: true, offsetMs: 0, data };
}

/** Modifiers of Enhanced RTMP v2 stand before the packet they modify; none of them matters here. */
function skipModifiers(cursor: ByteCursor, firstPacket: number, modifier: number): number {
  let packet = firstPacket;
  while (packet === modifier) {
    const shortBytes = cursor.u8() + 1;
    cursor.skip(shortBytes === 256 ? cursor.u16() + 1 : shortBytes);
    packet = cursor.u8() & 0x0f;
  }
  return packet;
}

function signed24(cursor: ByteCursor): number {
  return (((cursor.u8() << 16) | cursor.u16()) << 8) >> 8;
}

function rest(cursor: ByteCursor): Uint8Array {
  return cursor.take(cursor.left);
}
