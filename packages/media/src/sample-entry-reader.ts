import { aacTrack } from './aac.ts';
import type { AudioTrack, Track, VideoTrack } from './access-unit.ts';
import { av1CodecString } from './av1.ts';
import type { Box, BoxReader } from './box-reader.ts';
import type { ByteCursor } from './byte-cursor.ts';
import { h264CodecString, h264Track, parseAvcC } from './h264.ts';
import { h265CodecString, h265Track, parseHvcC } from './h265.ts';
import { malformed } from './media-error.ts';
import { opusTrack } from './opus.ts';

/** Fields of a VisualSampleEntry before its boxes (ISO/IEC 14496-12, 12.1.3). */
const visualFieldsBytes = 78;
const audioFieldsBytes = 28;
/** More fields of QuickTime's sound description versions 0, 1 and 2. */
const quickTimeSoundBytes = [0, 16, 36] as const;

/** A sample description box with what names its track. */
export interface SampleDescriptions {
  readonly id: number;
  readonly timescale: number;
  readonly stsd: Box;
}

/**
 * The track of a sample description, or undefined when nothing here can carry it: another codec, encryption, NAL
 * length fields that are not 4 bytes, or several descriptions in one track.
 * @throws MediaError OBJECT_MISMATCH
 */
export function readSampleEntry(boxes: BoxReader, { id, timescale, stsd }: SampleDescriptions): Track | undefined {
  const countBytes = 8;
  const entries = boxes.children(stsd, countBytes);
  const [entry] = entries;
  if (entry === undefined || entries.length !== 1) return undefined;
  switch (entry.type) {
    case 'avc1':
    case 'avc3':
    case 'hvc1':
    case 'hev1':
    case 'av01':
      return readVideo(boxes, entry, { id, timescale });
    case 'mp4a':
    case 'Opus':
    case 'alaw':
    case 'ulaw':
      return readAudio(boxes, entry, { id, timescale });
    default:
      return undefined;
  }
}

type TrackName = Pick<Track, 'id' | 'timescale'>;

function readVideo(boxes: BoxReader, entry: Box, name: TrackName): VideoTrack | undefined {
  const fields = boxes.body(entry);
  fields.skip(24);
  const size = { width: fields.u16(), height: fields.u16() };
  const config = (type: string): Uint8Array => boxes.content(needChild(boxes, entry, { type, skipBytes: visualFieldsBytes })).slice();
  switch (entry.type) {
    case 'avc1':
    case 'avc3': {
      const avcC = config('avcC');
      if (parseAvcC(avcC).nalLengthBytes !== 4) return undefined;
      const codecString = h264CodecString(avcC, entry.type);
      if (size.width === 0 || size.height === 0) return { ...h264Track(name.id, name.timescale, avcC), codecString };
      return { kind: 'video', ...name, codec: 'h264', codecString, config: avcC, ...size };
    }
    case 'hvc1':
    case 'hev1': {
      const hvcC = config('hvcC');
      if (parseHvcC(hvcC).nalLengthBytes !== 4) return undefined;
      const codecString = h265CodecString(hvcC, entry.type);
      if (size.width === 0 || size.height === 0) return { ...h265Track(name.id, name.timescale, hvcC), codecString };
      return { kind: 'video', ...name, codec: 'h265', codecString, config: hvcC, ...size };
    }
    default: {
      const av1C = config('av1C');
      return { kind: 'video', ...name, codec: 'av1', codecString: av1CodecString(av1C), config: av1C, ...size };
    }
  }
}

function readAudio(boxes: BoxReader, entry: Box, name: TrackName): AudioTrack | undefined {
  const fields = boxes.body(entry);
  fields.skip(8);
  const skipBytes = audioFieldsBytes + (quickTimeSoundBytes[fields.u16()] ?? 0);
  fields.skip(6);
  const channels = fields.u16();
  fields.skip(6);
  const sampleRate = fields.u16();
  switch (entry.type) {
    case 'mp4a': {
      const config = readElementaryStream(boxes, entry, skipBytes);
      if (config === undefined) return undefined;
      const track = aacTrack(name.id, name.timescale, config.slice());
      return track.channels === 0 ? { ...track, channels } : track;
    }
    case 'Opus':
      return opusTrack(name.id, name.timescale, boxes.content(needChild(boxes, entry, { type: 'dOps', skipBytes })).slice());
    default: {
      const codec = entry.type === 'alaw' ? 'g711a' : 'g711u';
      return { kind: 'audio', ...name, codec, codecString: entry.type, config: new Uint8Array(), sampleRate, channels };
    }
  }
}

function needChild(boxes: BoxReader, parent: Box, { type, skipBytes }: { type: string; skipBytes: number }): Box {
  const box = boxes.child(parent, type, skipBytes);
  if (box === undefined) throw malformed(`${parent.type} has no ${type}`);
  return box;
}

/** The AudioSpecificConfig inside esds, which QuickTime puts into a wave box; undefined when it is not AAC. */
function readElementaryStream(boxes: BoxReader, entry: Box, skipBytes: number): Uint8Array | undefined {
  const children = boxes.children(entry, skipBytes);
  const wave = children.find((box) => box.type === 'wave');
  const esds = children.find((box) => box.type === 'esds') ?? (wave && boxes.child(wave, 'esds'));
  if (esds === undefined) throw malformed('mp4a has no esds');
  const cursor = boxes.body(esds);
  cursor.skip(4);
  return readDecoderConfig(cursor);
}

/** Goes down the descriptors of ISO/IEC 14496-1, 7.2.6: ES (3), decoder config (4), decoder specific (5). */
function readDecoderConfig(cursor: ByteCursor): Uint8Array | undefined {
  const mpeg4Audio = 0x40;
  if (cursor.u8() !== 3) throw malformed('esds does not start with an ES descriptor');
  readDescriptorLength(cursor);
  cursor.skip(2);
  const flags = cursor.u8();
  if ((flags & 0x80) !== 0) cursor.skip(2);
  if ((flags & 0x40) !== 0) cursor.skip(cursor.u8());
  if ((flags & 0x20) !== 0) cursor.skip(2);
  if (cursor.u8() !== 4) throw malformed('the ES descriptor has no decoder config');
  readDescriptorLength(cursor);
  if (cursor.u8() !== mpeg4Audio) return undefined;
  cursor.skip(12);
  if (cursor.left === 0 || cursor.u8() !== 5) return undefined;
  return cursor.take(readDescriptorLength(cursor));
}

function readDescriptorLength(cursor: ByteCursor): number {
  let length = 0;
  for (let i = 0; i < 4; i += 1) {
    const byte = cursor.u8();
    length = length * 128 + (byte & 0x7f);
    if ((byte & 0x80) === 0) return length;
  }
  throw malformed('a descriptor length has more than 4 bytes');
}
