import type { CallOptions } from '@cardea/core';
import type { ParamsOf, ResultOf, RpcDefinition } from '@cardea/protocol';

/** What the cluster needs of the access function of its own process. */

export type Presence = 'online' | 'suspect' | 'asleep' | 'offline';

/** A connection that was taken out of use. */
export interface DetachedConnection {
  call<D extends RpcDefinition>(definition: D, params: ParamsOf<D>, options?: CallOptions): Promise<ResultOf<D>>;
  close(code: number, reason: string): void;
}

/** A device that can be reached here, with what a token for another server needs. */
export interface LiveDevice {
  readonly deviceId: string;
  readonly scheduleId: string;
  readonly heldToken: { readonly epoch: number };
  close(code: number, reason: string): void;
}

export interface LocalConnections {
  call<D extends RpcDefinition>(deviceId: string, definition: D, params: ParamsOf<D>, options?: CallOptions): Promise<ResultOf<D>>;
  presenceOf(deviceId: string): Presence;
  lastHeardAt(deviceId: string): number | undefined;
  watch(onChange: (change: { readonly deviceId: string; readonly presence: Presence }) => void): Disposable;
  expect(deviceIds: readonly string[]): void;
  announceSleep(deviceId: string, silentMs?: number): void;
  detach(deviceId: string): DetachedConnection | undefined;
  dismiss(deviceId: string, code: number, reason: string): void;
  /** Devices with any presence but offline. */
  known(): readonly string[];
  /** Connections that are open. */
  readonly connectionCount: number;
  live(): readonly LiveDevice[];
  /** Lets no further device in. */
  stopAdmitting(): void;
  /** The device is on another server now: requests in flight may finish, then its connections here close. Nobody is told. */
  handOver(deviceId: string): void;
}
