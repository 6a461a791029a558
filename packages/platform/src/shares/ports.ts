import type { Readable } from 'node:stream';
import type { HomeEvent, LiveSession, VodSession } from '@cardea/api';
import type { StreamName } from '@cardea/protocol';
import type { DeviceProof, Principal } from '../authorization/proof.ts';

/** What shares need of the rest of the platform. Proofs are made by the right of whoever shares, narrowed to the thing. */

export interface SharedLive {
  startLive(
    proof: DeviceProof<'view.live'>,
    source: { readonly channel: number; readonly stream: StreamName },
    options: { readonly signal?: AbortSignal },
  ): Promise<LiveSession>;
  renew(principal: Principal, sessionId: string): Promise<LiveSession>;
}

/** Recordings of one channel between two instants (Unix ms). */
export interface RecordedRange {
  readonly channel: number;
  readonly from: number;
  readonly to: number;
}

export interface SharedVod {
  open(proof: DeviceProof<'view.recordings'>, range: RecordedRange): Promise<VodSession>;
}

/** What is known of recordings without opening them. */
export interface SharedRecordings {
  /** How a recording of the range is encrypted that only keys of members open; `undefined` when none is. */
  encryptionIn(proof: DeviceProof<'view.recordings'>, range: RecordedRange): Promise<string | undefined>;
}

export interface SharedEvents {
  get(proof: DeviceProof<'view.events'>, id: string): Promise<HomeEvent>;
}

export interface SharedSegments {
  segment(proof: DeviceProof<'view.recordings'>, id: string): Promise<{ readonly startAt: number; readonly endAt: number }>;
}

export interface SharedPictures {
  ofEvent(
    proof: DeviceProof<'view.events'>,
    eventId: string,
    number: number,
  ): Promise<{ readonly sizeBytes: number; readonly sha256: string; read(): Promise<Readable> }>;
}

export interface ShareAudit {
  /** Resolves when the entry is durable. */
  record(note: {
    readonly action: string;
    readonly homeId: string;
    readonly deviceId: string;
    readonly detail: Readonly<Record<string, unknown>>;
  }): Promise<void>;
}

export interface ShareAccounts {
  namesOf(userIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
}

/** Makes and checks hashes of what people type. */
export interface Passcodes {
  hash(passcode: string): Promise<string>;
  verify(pair: { readonly hash: string; readonly password: string }): Promise<boolean>;
  /** Runs `prove` unless too much was guessed. @throws AppError RATE_LIMITED; what `prove` throws */
  guard<T>(name: string, address: string, prove: () => Promise<T>): Promise<T>;
}
