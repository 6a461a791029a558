import type { Readable } from 'node:stream';
import type { ParamsOf, ResultOf, RpcDefinition, StreamName, UploadTicket } from '@cardea/protocol';

/** What pictures need of the rest of the platform. */

/** An object a device put at a ticket. */
export interface StoredObject {
  readonly id: string;
  readonly homeId: string;
  readonly deviceId: string;
  readonly reference: string;
  readonly storedAt: number;
}

/** Takes small objects of devices. */
export interface PictureUploads {
  /** @throws AppError NOT_BOUND unless the device belongs to that home */
  mint(request: {
    readonly kind: 'snapshot';
    readonly homeId: string;
    readonly deviceId: string;
    readonly reference: string;
    readonly contentType: string;
    readonly maxBytes: number;
    readonly ttlMs: number;
  }): Promise<UploadTicket>;
  /** `listener` runs when an object is durable, before the device has its answer; maybe again for the same object. */
  onStored(kind: 'snapshot', listener: (stored: StoredObject) => Promise<void>): void;
  /** @throws AppError NOT_FOUND */
  read(object: { readonly id: string; readonly homeId: string }): Promise<Readable>;
  remove(object: { readonly id: string; readonly homeId: string }): Promise<void>;
}

/** Sends messages to devices. */
export interface SnapshotCommands {
  presenceOf(deviceId: string): 'online' | 'suspect' | 'asleep' | 'offline';
  /** @throws AppError CHANNEL_NOT_FOUND | STREAM_NOT_FOUND | as `send` when the device has to be asked */
  assertSource(source: PictureSource): Promise<void>;
  /** @throws AppError DEVICE_OFFLINE | TIMEOUT | what the device answered, kept in `remote` */
  send<D extends RpcDefinition>(
    deviceId: string,
    definition: D,
    params: ParamsOf<D>,
    options: { readonly signal?: AbortSignal; readonly timeoutMs?: number },
  ): Promise<ResultOf<D>>;
}

/** One encoding of one lens. */
export interface PictureSource {
  readonly deviceId: string;
  readonly channel: number;
  readonly stream: StreamName;
}
