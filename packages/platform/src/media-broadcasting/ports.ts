import type { IncomingMessage } from 'node:http';
import type { ChannelCapability, ParamsOf, ResultOf, RpcDefinition, StreamName } from '@cardea/protocol';
import type { Principal } from '../authorization/proof.ts';

/** One encoding of one lens: what can be watched. */
export interface MediaSource {
  readonly deviceId: string;
  readonly channel: number;
  readonly stream: StreamName;
}

/** Brings messages to devices, waking them where the message says so. */
export interface DeviceCommands {
  /**
   * Resolves with the validated result. `timeoutMs` replaces the deadline of the definition and counts from the moment
   * the device is there to answer.
   * @throws AppError DEVICE_OFFLINE | DEVICE_ASLEEP | TIMEOUT | CANCELLED | what the device answered, kept in `remote`
   */
  call<D extends RpcDefinition>(
    deviceId: string,
    definition: D,
    params: ParamsOf<D>,
    options: { readonly signal?: AbortSignal; readonly timeoutMs?: number },
  ): Promise<ResultOf<D>>;
}

/** Knows what the devices announced. */
export interface DeviceChannels {
  /** @throws AppError CHANNEL_NOT_FOUND | STREAM_NOT_FOUND */
  assertSource(source: MediaSource): Promise<void>;
  /** What the device announced of a channel. @throws AppError CHANNEL_NOT_FOUND | as a command when the device has to be asked */
  lensOf(deviceId: string, channel: number): Promise<Pick<ChannelCapability, 'live' | 'video'>>;
}

/** Who saw what. */
export interface ViewAudit {
  /** Resolves when the entry is durable. */
  record(note: {
    readonly action: string;
    readonly userId: string;
    readonly homeId: string;
    readonly deviceId: string;
    readonly detail: Readonly<Record<string, unknown>>;
  }): Promise<void>;
}

/**
 * Who sent a request, by its cookie or bearer token; `undefined` when nobody can be told. A cookie counts only on a
 * request of our own pages (RFC 6455 10.2: browsers send cookies with WebSocket requests of any page).
 */
export type PrincipalFromRequest = (request: IncomingMessage) => Promise<Principal | undefined>;

/** A stream that a device publishes, or is to publish, at one process, as another must know it to go on with it. */
export interface MovableStream extends MediaSource {
  readonly homeId: string;
  readonly epoch: number;
  readonly sessionId: string;
  /** Whether the process it is published at leads the device (B6.2); otherwise the other one asks it by a message. */
  readonly isLed: boolean;
  /** The device did not come to the process it was sent to first (C5 step 4). */
  readonly isLastTry?: boolean | undefined;
}

/** A recording that a device publishes for one session here, as another process must know it to go on with it. */
export interface MovablePlayback {
  readonly sessionId: string;
  readonly deviceId: string;
  readonly epoch: number;
  readonly channel: number;
  readonly userId: string;
  readonly userSessionId: string;
}

/** Has another media server of the platform get `stream` from its device. @throws AppError NO_CAPACITY when there is none */
export type PlaceElsewhere = (stream: MovableStream) => Promise<unknown>;

/** Lets the other processes of the platform reach a session that is here, until disposed. */
export type OfferSession = (sessionId: string) => Disposable;

/** Whether the process has memory for one more connection with live pictures. */
export interface MediaHeadroom {
  takesLive(): boolean;
}

/** Counts of the whole service since its start. */
export interface MediaCounters {
  bytesIn: number;
  bytesOut: number;
  /** Times a viewer fell behind and went on at a later key frame. */
  skips: number;
  /** Viewers closed because they kept falling behind. */
  tooSlow: number;
}
