import type { Device, DeviceState } from '@cardea/api';
import { AppError, hasStatus } from '@cardea/core';
import { conforms, DeviceId } from '@cardea/protocol';
import type { Authorizer } from '../../authorization/authorizer.ts';
import type { DeviceProof } from '../../authorization/proof.ts';
import type { DeviceCommands, DeviceDirectory } from '../ports.ts';
import type { RouteHandlers } from '../route-call.ts';

type DeviceRoute = 'device.list' | 'device.get' | 'device.update' | 'device.delete' | 'device.command';

const DEFAULT_LIMIT = 50;

/** Devices and what is sent to them. */
export function createDeviceHandlers({
  authorizer,
  devices,
  commands,
}: {
  readonly authorizer: Authorizer;
  readonly devices: DeviceDirectory;
  readonly commands: DeviceCommands;
}): Pick<RouteHandlers, DeviceRoute> {
  return {
    'device.list': async ({ visitor, query: { homeId, state, cursor, limit = DEFAULT_LIMIT } }) => {
      if (cursor !== undefined && !conforms(DeviceId, cursor))
        throw new AppError('INVALID_PARAMS', { cursor: 'not a cursor of this list' });
      const proofs = await authorizer.devices(visitor.principal, 'view.live', homeId);
      // The cursor is the last id shown: a device that comes or goes meanwhile moves no other.
      const following = cursor === undefined ? proofs : proofs.filter((proof) => proof.deviceId > cursor);
      const items = await describeUpTo(devices, following, { limit: limit + 1, state });
      const page = items.slice(0, limit);
      const last = page.at(-1);
      return items.length > limit && last !== undefined ? { items: page, next: last.id } : { items: page };
    },
    'device.get': async ({ proof }) => await devices.describe(proof),
    'device.update': async ({ proof, visitor, body: { disabled, name } }) => {
      if (disabled !== undefined) {
        await devices.setDisabled(await authorizer.device(visitor.principal, 'manage', proof.deviceId), disabled);
      }
      if (name !== undefined) await devices.rename(proof, name);
      return await devices.describe(proof);
    },
    'device.delete': async ({ proof }) => await devices.unbind(proof),
    'device.command': async ({ proof, params, body, signal }) => await commands.call(proof, params.method, body, { signal }),
  };
}

async function describeUpTo(
  devices: DeviceDirectory,
  proofs: readonly DeviceProof[],
  { limit, state }: { readonly limit: number; readonly state: DeviceState | undefined },
): Promise<Device[]> {
  const items: Device[] = [];
  for (const proof of proofs) {
    if (items.length >= limit) break;
    const device = await describeIfThere(devices, proof);
    if (device !== undefined && (state === undefined || device.state === state)) items.push(device);
  }
  return items;
}

/** A device may leave the home while the list is made. */
async function describeIfThere(devices: DeviceDirectory, proof: DeviceProof): Promise<Device | undefined> {
  try {
    return await devices.describe(proof);
  } catch (error) {
    if (hasStatus(error, 'NOT_FOUND')) return undefined;
    throw error;
  }
}
