import type { IncomingMessage } from 'node:http';
import type { ChannelCapability, ParamsOf, ResultOf, RpcDefinition } from '@cardea/protocol';
import type { Principal } from '../authorization/proof.ts';

/** What talking needs of the rest of the platform. */

/** Brings messages to devices, waking them where the message says so. */
export interface DeviceCommands {
  /** @throws AppError DEVICE_OFFLINE | DEVICE_ASLEEP | TIMEOUT | CANCELLED | what the device answered, kept in `remote` */
  call<D extends RpcDefinition>(
    deviceId: string,
    definition: D,
    params: ParamsOf<D>,
    options: { readonly signal?: AbortSignal },
  ): Promise<ResultOf<D>>;
}

/** Knows what the devices announced. */
export interface DeviceChannels {
  /** @throws AppError CHANNEL_NOT_FOUND */
  lensOf(deviceId: string, channel: number): Promise<ChannelCapability>;
}

/** Who sent a request, by its cookie or bearer token; `undefined` when nobody can be told, or another site sent it. */
export type PrincipalFromRequest = (request: IncomingMessage) => Promise<Principal | undefined>;
