import { AppError, type Logger } from '@cardea/core';
import type { FastifyInstance } from 'fastify';
import { parseByteRange } from '../http/byte-range.ts';
import { sendWireError } from '../http/wire-error.ts';
import { FIRMWARE_PATH, type FirmwareCatalogue } from './firmware-catalogue.ts';

/** Puts the addresses on `app` at which devices fetch firmware, in ranges if they like. The address is the permission. */
export function registerFirmwareRoutes(app: FastifyInstance, catalogue: FirmwareCatalogue, { logger }: { readonly logger: Logger }): void {
  app.route<{ Params: { readonly firmwareId: string } }>({
    method: ['GET', 'HEAD'],
    url: `${FIRMWARE_PATH}/:firmwareId`,
    exposeHeadRoute: false,
    errorHandler: (thrown, _request, reply) => {
      const error = AppError.from(thrown);
      if (error.status === 'INTERNAL_ERROR') logger.error({ err: thrown }, 'firmware was not sent');
      sendWireError(reply, error, { status: error.status === 'TICKET_EXPIRED' ? 403 : error.httpStatus });
    },
    handler: async (request, reply) => {
      const image = await catalogue.fetch(request.params.firmwareId, new URL(request.url, 'http://localhost').searchParams);
      const { size_bytes: sizeBytes, sha256 } = image;
      const etag = `"${sha256}"`;
      const same = request.headers['if-range'];
      const range = same === undefined || same === etag ? parseByteRange(request.headers.range, sizeBytes) : undefined;
      reply.headers({ etag, 'accept-ranges': 'bytes', 'cache-control': 'private, no-store' }).type('application/octet-stream');
      if (range === 'unsatisfiable') return await reply.status(416).header('content-range', `bytes */${sizeBytes}`).send();
      if (range !== undefined) reply.status(206).header('content-range', `bytes ${range.start}-${range.end}/${sizeBytes}`);
      reply.header('content-length', range === undefined ? sizeBytes : range.end - range.start + 1);
      return await reply.send(request.method === 'HEAD' ? undefined : await catalogue.read(image, range));
    },
  });
}
