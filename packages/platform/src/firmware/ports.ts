import type { ParamsOf, ResultOf, RpcDefinition } from '@cardea/protocol';

/** What upgrades need of the rest of the platform. */

/** Sends messages to devices. */
export interface DeviceMessages {
  /** @throws AppError as device management does */
  send<D extends RpcDefinition>(
    deviceId: string,
    definition: D,
    params: ParamsOf<D>,
    options?: { readonly signal?: AbortSignal },
  ): Promise<ResultOf<D>>;
  isOnline(deviceId: string): boolean;
}

/** Tells the members of a home what happened to a device. */
export interface DeviceNotices {
  note(
    deviceId: string,
    homeId: string,
    notice: { readonly type: 'firmware'; readonly text: string; readonly occurredAt: number },
  ): Promise<void>;
}
