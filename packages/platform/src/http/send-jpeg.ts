import type { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** A stored JPEG. */
export interface JpegObject {
  readonly sizeBytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
  read(): Promise<Readable>;
}

/** Answers with the bytes of a picture. They never change, so their hash is their validator (RFC 9110 8.8.3, 13.1.2). */
export async function sendJpeg(jpeg: JpegObject, { headers, method }: FastifyRequest, reply: FastifyReply): Promise<void> {
  const etag = `"${jpeg.sha256}"`;
  const known = headers['if-none-match'];
  reply.header('etag', etag);
  if (known === etag || known === '*') return void reply.status(304).send();
  const bytes = method === 'HEAD' ? undefined : await jpeg.read();
  reply.type('image/jpeg').header('content-length', jpeg.sizeBytes).send(bytes);
}
