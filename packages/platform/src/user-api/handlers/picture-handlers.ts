import { AppError } from '@cardea/core';
import { sendJpeg } from '../../http/send-jpeg.ts';
import type { PictureService } from '../ports.ts';
import type { RouteHandlers } from '../route-call.ts';

type PictureRoute = 'event.picture' | 'snapshot.list' | 'snapshot.picture';

/** Still pictures. */
export function createPictureHandlers({ pictures }: { readonly pictures: PictureService }): Pick<RouteHandlers, PictureRoute> {
  return {
    'event.picture': async ({ proof, params, request, reply }) => {
      if (!/^[1-9]\d?$/.test(params.number)) throw new AppError('NOT_FOUND');
      await sendJpeg(await pictures.ofEvent(proof, params.id, Number(params.number)), request, reply);
    },
    'snapshot.list': async ({ proof, query }) => {
      const { items, next } = await pictures.list(proof, query);
      return next === undefined ? { items: [...items] } : { items: [...items], next };
    },
    'snapshot.picture': async ({ proof, params, request, reply }) => {
      await sendJpeg(await pictures.find(proof, params.snapshotId), request, reply);
    },
  };
}
