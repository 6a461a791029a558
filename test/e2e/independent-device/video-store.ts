import { createHash } from 'node:crypto';
import { callJson } from './call-json.ts';
import { isObject, type Json, objectAt, Refusal, textAt } from './json.ts';
import { codecs, height, width } from './picture-source.ts';
import { ulid } from './ulid.ts';

/** Where video segments go, from server.getInfo (B5.2). */
export interface VideoService {
  readonly baseUrl: string;
  readonly token: string;
}

/** Stores one recording and resolves with its segment id once the video service has confirmed it (B7.1 to B7.3). @throws Refusal */
export async function storeVideo({ baseUrl, token }: VideoService, media: Buffer, startAt: number, endAt: number): Promise<string> {
  const what = { channel: 1, stream: 'main', kind: 'manual', startAt, durationMs: endAt - startAt, estimatedBytes: media.length };
  const format = { container: 'fmp4', codecs, width, height, audio: false };
  const segment = { clientSegmentId: ulid(), ...what, ...format };
  const created = await callJson('POST', `${baseUrl}/segments`, token, segment);
  const segmentId = textAt(created, 'segmentId');
  const begunAt = performance.now();
  await put(objectAt(created, 'upload'), media);
  const sha256 = createHash('sha256').update(media).digest('hex');
  const proof = { sizeBytes: media.length, sha256, startAt, endAt, attempts: 1, uploadMs: Math.round(performance.now() - begunAt) };
  const { state } = await callJson('POST', `${baseUrl}/segments/${segmentId}/confirm`, token, proof);
  if (state !== 'stored') throw new Refusal(1802, `the segment is ${String(state)}`);
  return segmentId;
}

async function put(ticket: Json, media: Buffer): Promise<void> {
  const headers = new Headers();
  for (const [name, value] of Object.entries(isObject(ticket.headers) ? ticket.headers : {})) headers.set(name, String(value));
  const { ok, status } = await fetch(textAt(ticket, 'url'), { method: textAt(ticket, 'method'), headers, body: new Uint8Array(media) });
  if (!ok) throw new Refusal(1600, 'UPLOAD_FAILED', status);
}
