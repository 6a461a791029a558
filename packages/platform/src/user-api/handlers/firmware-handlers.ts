import { Readable } from 'node:stream';
import { AppError } from '@cardea/core';
import type { FirmwareService } from '../ports.ts';
import type { RouteHandlers } from '../route-call.ts';

type FirmwareRoute =
  | 'firmware.create'
  | 'firmware.list'
  | 'firmware.delete'
  | 'campaign.create'
  | 'campaign.list'
  | 'campaign.get'
  | 'campaign.stop';

/** Firmware of devices and its roll-out. */
export function createFirmwareHandlers({
  firmware: { campaigns, catalogue },
}: {
  readonly firmware: FirmwareService;
}): Pick<RouteHandlers, FirmwareRoute> {
  return {
    'firmware.create': async ({ visitor, query, request: { body } }) => {
      if (!(body instanceof Readable))
        throw new AppError('INVALID_REQUEST', undefined, { message: 'the body is the image as application/octet-stream' });
      return await catalogue.add(visitor.principal, query, body);
    },
    'firmware.list': async ({ visitor }) => ({ items: [...(await catalogue.list(visitor.principal))] }),
    'firmware.delete': async ({ visitor, params }) => await catalogue.remove(visitor.principal, params.id),
    'campaign.create': async ({ visitor, body }) => await campaigns.create(visitor.principal, body),
    'campaign.list': async ({ visitor }) => ({ items: [...(await campaigns.list(visitor.principal))] }),
    'campaign.stop': async ({ visitor, params }) => await campaigns.stop(visitor.principal, params.id),
    'campaign.get': async ({ visitor, params }) => await campaigns.get(visitor.principal, params.id),
  };
}
