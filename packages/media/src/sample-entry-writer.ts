import type { AudioTrack, Track, VideoTrack } from './access-unit.ts';
import type { BoxWriter } from './box-writer.ts';
import { MediaError } from './media-error.ts';

/** Sample entry types each codec may be stored under; the codec string says which. */
const sampleEntryTypes: Readonly<Record<Track['codec'], readonly string[]>> = {
  h264: ['avc1', 'avc3'],
  h265: ['hvc1', 'hev1'],
  av1: ['av01'],
  aac: ['mp4a'],
  opus: ['Opus'],
  g711a: ['alaw'],
  g711u: ['ulaw'],
};

const configBoxes = { h264: 'avcC', h265: 'hvcC', av1: 'av1C' } as const;

/** @throws MediaError INVALID_REQUEST when the codec string does not belong to the codec */
export function sampleEntryType(track: Track): string {
  const name = track.codecString.slice(0, 4).toLowerCase();
  const type = sampleEntryTypes[track.codec].find((known) => known.toLowerCase() === name);
  if (type === undefined) throw new MediaError('INVALID_REQUEST', `${track.codecString} is no codec string of ${track.codec}`);
  return type;
}

/** Writes stsd with the one sample entry of a track (ISO/IEC 14496-12, 8.5.2, 12.1.3, 12.2.3). */
export function writeSampleDescription(writer: BoxWriter, track: Track): void {
  writer.fullBox('stsd', { version: 0, flags: 0 }, () => {
    writer.u32(1);
    writer.box(sampleEntryType(track), () => {
      writer.zeros(6);
      const dataReference = 1;
      writer.u16(dataReference);
      if (track.kind === 'video') writeVideo(writer, track);
      else writeAudio(writer, track);
    });
  });
}

function writeVideo(writer: BoxWriter, track: VideoTrack): void {
  const dotsPerInch = 72;
  const noPalette = 0xffff;
  writer.zeros(16);
  writer.u16(track.width);
  writer.u16(track.height);
  writer.u32(dotsPerInch << 16);
  writer.u32(dotsPerInch << 16);
  writer.zeros(4);
  writer.u16(1);
  writer.zeros(32);
  writer.u16(24);
  writer.u16(noPalette);
  writer.box(configBoxes[track.codec], () => writer.data(track.config));
}

function writeAudio(writer: BoxWriter, track: AudioTrack): void {
  writer.zeros(8);
  writer.u16(track.channels);
  writer.u16(16);
  writer.zeros(4);
  // A 16 bit field: higher rates stand in the codec's own configuration only.
  writer.u16(track.sampleRate > 0xffff ? 0 : track.sampleRate);
  writer.zeros(2);
  if (track.codec === 'aac') writeElementaryStream(writer, track.config);
  if (track.codec === 'opus') writer.box('dOps', () => writer.data(track.config));
}

/** esds with the descriptors of ISO/IEC 14496-1, 7.2.6. */
function writeElementaryStream(writer: BoxWriter, config: Uint8Array): void {
  const mpeg4Audio = 0x40;
  const audioStream = 0x15;
  const predefinedForMp4 = 2;
  const headerBytes = 5;
  const decoderConfigBytes = 13 + headerBytes + config.length;
  writer.fullBox('esds', { version: 0, flags: 0 }, () => {
    writeDescriptorHeader(writer, 3, 3 + headerBytes + decoderConfigBytes + headerBytes + 1);
    writer.zeros(3);
    writeDescriptorHeader(writer, 4, decoderConfigBytes);
    writer.u8(mpeg4Audio);
    writer.u8(audioStream);
    writer.zeros(11);
    writeDescriptorHeader(writer, 5, config.length);
    writer.data(config);
    writeDescriptorHeader(writer, 6, 1);
    writer.u8(predefinedForMp4);
  });
}

/** Tag and length; the length in the 4 byte form every reader knows. */
function writeDescriptorHeader(writer: BoxWriter, tag: number, length: number): void {
  writer.u8(tag);
  writer.u8(0x80 | ((length >> 21) & 0x7f));
  writer.u8(0x80 | ((length >> 14) & 0x7f));
  writer.u8(0x80 | ((length >> 7) & 0x7f));
  writer.u8(length & 0x7f);
}
