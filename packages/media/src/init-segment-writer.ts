import type { Track } from './access-unit.ts';
import { BoxWriter } from './box-writer.ts';
import { writeSampleDescription } from './sample-entry-writer.ts';

const movieTimescale = 1000;
const unity = 0x1_0000;
const plain = { version: 0, flags: 0 } as const;

/** ftyp and a moov whose samples all come in fragments (ISO/IEC 14496-12, 8.8.1 mvex). */
export function writeInitSegment(tracks: readonly Track[]): Uint8Array {
  const writer = new BoxWriter();
  writeFileType(writer);
  writer.box('moov', () => {
    writeMovieHeader(writer, 1 + Math.max(...tracks.map((track) => track.id)));
    for (const track of tracks) writeTrack(writer, track);
    writer.box('mvex', () => {
      for (const track of tracks) writeTrackExtends(writer, track);
    });
  });
  return writer.finish();
}

/** `iso6` allows signed composition offsets and bases relative to the moof, which the fragments use. */
function writeFileType(writer: BoxWriter): void {
  writer.box('ftyp', () => {
    writer.fourCc('iso6');
    writer.u32(0);
    for (const brand of ['iso6', 'cmfc', 'mp41']) writer.fourCc(brand);
  });
}

function writeMovieHeader(writer: BoxWriter, nextTrackId: number): void {
  const fullVolume = 0x100;
  writer.fullBox('mvhd', plain, () => {
    writer.zeros(8);
    writer.u32(movieTimescale);
    writer.u32(0);
    writer.u32(unity);
    writer.u16(fullVolume);
    writer.zeros(10);
    writeIdentityMatrix(writer);
    writer.zeros(24);
    writer.u32(nextTrackId);
  });
}

function writeIdentityMatrix(writer: BoxWriter): void {
  const unityIn30Bits = 0x4000_0000;
  for (const value of [unity, 0, 0, 0, unity, 0, 0, 0, unityIn30Bits]) writer.u32(value);
}

function writeTrack(writer: BoxWriter, track: Track): void {
  writer.box('trak', () => {
    writeTrackHeader(writer, track);
    writer.box('mdia', () => {
      writeMediaHeader(writer, track);
      writeHandler(writer, track);
      writer.box('minf', () => writeMediaInformation(writer, track));
    });
  });
}

function writeTrackHeader(writer: BoxWriter, track: Track): void {
  const enabledInMovie = 3;
  const volume = track.kind === 'audio' ? 0x100 : 0;
  const size = track.kind === 'video' ? track : { width: 0, height: 0 };
  writer.fullBox('tkhd', { version: 0, flags: enabledInMovie }, () => {
    writer.zeros(8);
    writer.u32(track.id);
    writer.zeros(16);
    writer.zeros(4);
    writer.u16(volume);
    writer.zeros(2);
    writeIdentityMatrix(writer);
    writer.u32(size.width * unity);
    writer.u32(size.height * unity);
  });
}

function writeMediaHeader(writer: BoxWriter, track: Track): void {
  const undeterminedLanguage = 0x55c4;
  writer.fullBox('mdhd', plain, () => {
    writer.zeros(8);
    writer.u32(track.timescale);
    writer.u32(0);
    writer.u16(undeterminedLanguage);
    writer.zeros(2);
  });
}

function writeHandler(writer: BoxWriter, track: Track): void {
  writer.fullBox('hdlr', plain, () => {
    writer.zeros(4);
    writer.fourCc(track.kind === 'video' ? 'vide' : 'soun');
    writer.zeros(12);
    writer.text(track.kind);
  });
}

function writeMediaInformation(writer: BoxWriter, track: Track): void {
  const inThisFile = 1;
  if (track.kind === 'video') writer.fullBox('vmhd', { version: 0, flags: 1 }, () => writer.zeros(8));
  else writer.fullBox('smhd', plain, () => writer.zeros(4));
  writer.box('dinf', () => {
    writer.fullBox('dref', plain, () => {
      writer.u32(1);
      writer.fullBox('url ', { version: 0, flags: inThisFile }, () => undefined);
    });
  });
  writer.box('stbl', () => {
    writeSampleDescription(writer, track);
    for (const type of ['stts', 'stsc', 'stco']) writer.fullBox(type, plain, () => writer.zeros(4));
    writer.fullBox('stsz', plain, () => writer.zeros(8));
  });
}

/** No defaults: every fragment says all of its samples itself, so it can be read with the tracks alone. */
function writeTrackExtends(writer: BoxWriter, track: Track): void {
  writer.fullBox('trex', plain, () => {
    writer.u32(track.id);
    writer.u32(1);
    writer.zeros(12);
  });
}
