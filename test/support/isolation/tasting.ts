import { createDepacketiser, Fmp4Muxer, parseRtpPacket, type RtpFrame } from '@cardea/media';
import { WebSocket } from 'ws';
import { type ReadForm, Refused } from '../live-forms.ts';
import { namesIn } from './marked-pictures.ts';

/** Takes in some of what stands at an address. @throws Refused; Error when nothing comes */
export type Taste = (url: string, token?: string) => Promise<Uint8Array>;

/** Enough of a stream for a few pictures. */
const STREAM_BYTES = 2_500;
const STREAM_PICTURES = 5;
const PATIENCE_MS = 15_000;

/** All of an answer. */
export const whole: Taste = async (url, token) => (await get(url, token)).bytes;

/** The beginning of an answer without an end. */
export const beginning: Taste = async (url, token) => (await get(url, token, STREAM_BYTES)).bytes;

export const socket: Taste = async (url, token) => {
  const watching = new WebSocket(url, { headers: bearer(token), perMessageDeflate: false });
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const patience = setTimeout(() => reject(new Error('nothing came')), PATIENCE_MS);
  watching.on('unexpected-response', (_request, response) => reject(new Refused(response.statusCode ?? 0)));
  watching.on('error', reject).on('close', () => reject(new Error('closed')));
  watching.on('message', (data: Buffer, isBinary) => {
    if (!isBinary) return;
    chunks.push(data);
    sizeBytes += data.length;
    if (sizeBytes >= STREAM_BYTES) resolve();
  });
  try {
    await promise;
  } finally {
    clearTimeout(patience);
    watching.terminate();
  }
  return Buffer.concat(chunks);
};

/** The first piece of video that a playlist names, after what it needs before. */
export const playlist: Taste = async (url, token) => {
  const { at, bytes } = await get(url, token);
  const text = bytes.toString();
  const [, init] = /#EXT-X-MAP:URI="([^"]+)"/.exec(text) ?? [];
  const [piece] = text.match(/(?:part-|segment-|^\d+-)[^"\s]*\.m4s[^"\s]*/m) ?? [];
  if (init === undefined || piece === undefined) throw new Error('nothing is listed');
  const pieces = await Promise.all([init, piece].map((name) => get(new URL(name, at).href, token)));
  return Buffer.concat(pieces.map((each) => each.bytes));
};

/** A form that comes in RTP packets, as fragmented MP4. */
export function packets(form: ReadForm): Taste {
  return async (url) => {
    const depacketiser = createDepacketiser({ codec: 'h264', trackId: 1 });
    const frames: RtpFrame[] = [];
    const enough = new AbortController();
    const onBytes = (bytes: Uint8Array): void => {
      frames.push(...depacketiser.push(parseRtpPacket(bytes)));
      if (frames.length >= STREAM_PICTURES) enough.abort();
    };
    await form(url, { signal: AbortSignal.any([enough.signal, AbortSignal.timeout(PATIENCE_MS)]), onBytes });
    const { track } = depacketiser;
    if (track === undefined || frames.length === 0) throw new Error('nothing came');
    const muxer = new Fmp4Muxer([track]);
    const duration = track.timescale / 25;
    const units = frames.map((frame, index) => ({ ...frame, trackId: 1, duration, pts: index * duration, dts: index * duration }));
    return Buffer.concat([muxer.initSegment(), muxer.fragment(units, 1)]);
  };
}

function bearer(token: string | undefined): Readonly<Record<string, string>> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

/** @returns where it was led to besides */
async function get(
  url: string,
  token: string | undefined,
  maxBytes = Number.POSITIVE_INFINITY,
): Promise<{ readonly at: string; readonly bytes: Buffer }> {
  const stopping = new AbortController();
  const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(PATIENCE_MS)]);
  const response = await fetch(url, { signal, headers: bearer(token) });
  if (!response.ok) {
    const body = await response.bytes();
    if (namesIn(body).size > 0) return { at: response.url, bytes: Buffer.from(body) };
    throw new Refused(response.status);
  }
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    sizeBytes += chunk.length;
    if (sizeBytes >= maxBytes) break;
  }
  stopping.abort();
  return { at: response.url, bytes: Buffer.concat(chunks) };
}
