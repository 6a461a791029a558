import { type AccessUnit, bytesReader, Mp4File, type Track } from '@cardea/media';

/** A parser that takes what strangers send: it returns, or throws MediaError, within bounds of time and memory. */
export interface FuzzTarget {
  readonly name: string;
  readonly samples: readonly Uint8Array[];
  readonly parse: (bytes: Uint8Array) => unknown;
}

export interface Media {
  readonly tracks: readonly Track[];
  readonly units: readonly AccessUnit[];
}

export function hex(...texts: readonly string[]): readonly Uint8Array[] {
  return texts.map((text) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex')));
}

export async function readMedia(bytes: Uint8Array): Promise<Media> {
  const file = await Mp4File.open(bytesReader(bytes));
  const units = file.tracks.flatMap(({ id }) =>
    Array.from({ length: Math.min(5, file.samples(id).length) }, (_, index) => file.readSample(id, index)),
  );
  return { tracks: file.tracks, units: await Promise.all(units) };
}

export function unitOf(data: Uint8Array): AccessUnit {
  return { trackId: 1, dts: 0, pts: 0, duration: 1, keyframe: true, data };
}

/** As a network hands it over. */
export function inPieces(bytes: Uint8Array, reader: { push(bytes: Uint8Array): unknown }): void {
  for (let at = 0; at < bytes.length; at += 100) reader.push(bytes.slice(at, at + 100));
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
