import type { WeekHours } from '@cardea/core';
import type { ParamsOf, ResultOf, RpcDefinition, UploadTicket, uploadLogDone } from '@cardea/protocol';
import type { Principal } from '../authorization/proof.ts';

/** What device management needs of the rest of the platform. */

export type Presence = 'online' | 'suspect' | 'asleep' | 'offline';

export interface SendOptions {
  readonly signal?: AbortSignal;
  /** Replaces the deadline of the definition; counts from the moment the device is there to answer. */
  readonly timeoutMs?: number;
}

/** The connection a message came on. */
export interface DeviceConnection {
  readonly deviceId: string;
  readonly scheduleId: string;
  /** The Vd token the device holds; to be replaced when it was sent another. */
  heldToken: { readonly epoch: number; readonly expiresAt: number };
}

/** A connection that was taken out of use. */
export interface DetachedConnection {
  call<D extends RpcDefinition>(definition: D, params: ParamsOf<D>, options?: SendOptions): Promise<ResultOf<D>>;
  close(code: number, reason: string): void;
}

/** The devices that are connected. */
export interface DeviceConnections {
  /** @throws AppError DEVICE_OFFLINE | DEVICE_ASLEEP | TIMEOUT | CANCELLED | GOING_AWAY | what the device answered, in `remote` */
  call<D extends RpcDefinition>(deviceId: string, definition: D, params: ParamsOf<D>, options?: SendOptions): Promise<ResultOf<D>>;
  presenceOf(deviceId: string): Presence;
  /** When a device that is or just was connected was heard last. */
  lastHeardAt(deviceId: string): number | undefined;
  watch(onChange: (change: { readonly deviceId: string; readonly presence: Presence }) => void): Disposable;
  /** These devices were connected when the platform stopped and are about to come back. */
  expect(deviceIds: readonly string[]): void;
  /** The device closes its connection to sleep, and may then be silent for `silentMs`. */
  announceSleep(deviceId: string, silentMs?: number): void;
  /** Takes the device out of use at once and hands over its connection, if it has one. */
  detach(deviceId: string): DetachedConnection | undefined;
  /** Closes what connections the device has; it counts as offline at once. */
  dismiss(deviceId: string, code: number, reason: string): void;
}

/** Wakes devices that sleep. */
export interface DeviceWaker {
  /** Resolves when the device is connected. @throws AppError DEVICE_ASLEEP | CANCELLED */
  rouse(deviceId: string, options?: { readonly signal?: AbortSignal }): Promise<void>;
}

export interface Binding {
  readonly homeId: string;
  readonly bindingId: string;
  readonly boundAt: number;
}

/** Ties devices to homes. */
export interface BindingClaims {
  /**
   * Uses up the code and binds the device to its home; the binding epoch rises. A device that is bound to that home
   * already keeps its binding and the code stays good.
   * @throws AppError UNAUTHORIZED (wrong, used or expired code) | ALREADY_ACTIVE (bound to another home)
   */
  claim(code: string, device: { readonly deviceId: string }): Promise<Binding>;
}

/** Addresses devices are told. */
export interface ServerAddresses {
  addresses(): { readonly vdUrls: readonly string[]; readonly vmUrls: readonly string[]; readonly vrBaseUrl: string };
}

/** Who did what, with what. */
export interface CommandAudit {
  /** Resolves when the entry is durable. */
  record(note: {
    readonly action: string;
    readonly userId: string;
    readonly homeId: string;
    readonly deviceId: string;
    readonly detail: Readonly<Record<string, unknown>>;
  }): Promise<void>;
}

/** One lens in a home, or with channel 0 the device as a whole. */
export interface RecordingPlace {
  readonly homeId: string;
  readonly deviceId: string;
  readonly channel: number;
}

/** The ledger of what is to be recorded and of what hinders it. */
export interface RecordingFacts {
  set(place: RecordingPlace, fact: 'policy' | 'privacy', value: string): Promise<unknown>;
  set(place: RecordingPlace, fact: 'presence', value: 'online' | 'asleep' | 'offline', at: number): Promise<unknown>;
  set(place: RecordingPlace, fact: 'signal', value: 'there' | 'lost', at: number): Promise<unknown>;
  taskStarted(place: RecordingPlace, taskId: string, endsAt: number | undefined): Promise<void>;
  tasksEnded(
    device: Omit<RecordingPlace, 'channel'>,
    which: { readonly taskId?: string | undefined; readonly channel?: number | undefined },
  ): Promise<void>;
  /** Whether it was ever learnt what the device is to record in this home. */
  knowsPolicy(homeId: string, deviceId: string): Promise<boolean>;
  /** The clock of the device was off by so much until now. */
  clockWasOff(device: Omit<RecordingPlace, 'channel'>, offsetMs: number): Promise<void>;
  /** The device started anew, so long ago, and was silent before that for so long at least. */
  restarted(homeId: string, deviceId: string, times: { readonly silentMs: number; readonly uptimeMs: number }): Promise<void>;
  /** The device left the home. */
  release(homeId: string, deviceId: string): Promise<void>;
}

/** What the platform wants a device to record; without `mode` it is what the device itself is set to. */
export interface RecordingWish {
  readonly mode?: 'continuous' | 'event' | 'off';
  readonly streams?: 'all' | 'main' | 'sub';
  /** Without them at all hours. */
  readonly hours?: { readonly parts: readonly WeekHours[]; readonly timezone: string };
}

/** What the platform wants devices to record. */
export interface RecordingWishes {
  of(device: Omit<RecordingPlace, 'channel'>): Promise<RecordingWish>;
  /** The device records as `wish` says. */
  applied(device: Omit<RecordingPlace, 'channel'>, wish: RecordingWish): Promise<void>;
  /** Whether the device has to be told yet. */
  isDue(device: Omit<RecordingPlace, 'channel'>): Promise<boolean>;
}

/** For whom devices encrypt recordings: public keys, base64url. */
export interface RecordingRecipients {
  of(device: Omit<RecordingPlace, 'channel'>): Promise<readonly string[]>;
  /** The device encrypts for these. */
  applied(device: Omit<RecordingPlace, 'channel'>, recipients: readonly string[]): Promise<void>;
  /** Whether the device has to be told yet. */
  isDue(device: Omit<RecordingPlace, 'channel'>): Promise<boolean>;
}

/** The logs devices were asked for. */
export interface LogTasks {
  ended(deviceId: string, done: ParamsOf<typeof uploadLogDone>): Promise<void>;
}

/** Firmware devices may be told to fetch. */
export interface FirmwareOffers {
  /** The image of that version for the device, or of an address of the catalogue. @throws AppError URL_INVALID when there is none */
  offerOf(
    principal: Principal,
    deviceId: string,
    wish: { readonly version: string; readonly url?: string | undefined },
  ): Promise<Readonly<Record<string, unknown>> & { readonly url: string }>;
}

/** Lets devices send pictures. */
export interface PictureTickets {
  /** Tickets for the pictures 1 to `count` of one owner. @throws AppError NOT_BOUND */
  tickets(wish: {
    readonly purpose: 'alarm' | 'task';
    /** Event id or task id. */
    readonly ownerId: string;
    readonly homeId: string;
    readonly deviceId: string;
    readonly channel: number;
    readonly count: number;
    readonly ttlMs: number;
  }): Promise<readonly UploadTicket[]>;
}
