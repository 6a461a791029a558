import { AppError, type Clock, createRandom, type Logger, type Random, SystemClock, silentLogger } from '@cardea/core';
import type { Camera } from './camera.ts';
import { DeviceClock } from './device-clock.ts';
import { type OpenedFirmware, openFirmware } from './firmware/upgrades.ts';
import { type DeviceIdentity, loadIdentity } from './identity.ts';
import type { DeviceLog } from './logs/device-log.ts';
import { type Network, plainNetwork } from './net/network.ts';
import { secureAddress } from './net/secure-address.ts';
import { isRecipients } from './recording/recording-encryption.ts';
import { SegmentRing } from './recording/segment-ring.ts';
import { DeviceStore } from './state/device-store.ts';
import { type EventJournal, openEventJournal } from './vd/event-queue.ts';

export interface AgentOptions {
  /** Origin of the platform, or the base address of its scheduling service. */
  readonly platformUrl: string;
  /** Holds the identity, the configuration and what is not uploaded yet. One agent at a time. */
  readonly stateDirectory: string;
  /** Stays the caller's: dispose it after the agent. */
  readonly camera: Camera;
  /** Binds the device to a home at its first connection. */
  readonly bindingCode?: string;
  /** Public keys, PEM, whose firmware to trust from now on, beside those trusted already. */
  readonly firmwareKeys?: readonly string[];
  /** Public keys (X25519, base64url): recordings are encrypted for these and nobody else, whatever the configuration says. */
  readonly recipients?: readonly string[];
  /** Size of the disk: room for recordings of its own and for those not uploaded yet; the oldest give way. Default 2 GiB. */
  readonly quotaBytes?: number;
  /** How the platform is reached; for those who disturb it on purpose. */
  readonly network?: (clock: Clock) => Network;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly logger?: Logger;
  /** What `logger` writes to, for log.upload; without it the device keeps no logs. Stays the caller's. */
  readonly log?: DeviceLog;
}

/** What an agent stands on: its camera, what it keeps on its disk, and the world around it. */
export interface AgentState {
  readonly camera: Camera;
  readonly platformUrl: string;
  readonly bindingCode: string | undefined;
  readonly recipients: readonly string[] | undefined;
  readonly identity: DeviceIdentity;
  readonly store: DeviceStore;
  readonly eventJournal: EventJournal;
  readonly ring: SegmentRing;
  readonly firmware: OpenedFirmware;
  readonly clock: DeviceClock;
  readonly random: Random;
  readonly logger: Logger;
  readonly log: DeviceLog | undefined;
  readonly network: Network;
}

const DEFAULT_QUOTA_BYTES = 2 * 1024 ** 3;

/**
 * Opens what a device keeps in its state directory.
 * @throws AppError INVALID_STATE when the identity or the state cannot be read, URL_INVALID
 */
export async function openAgentState(options: AgentOptions): Promise<AgentState> {
  const { platformUrl, stateDirectory, camera, bindingCode, quotaBytes = DEFAULT_QUOTA_BYTES } = options;
  secureAddress(platformUrl);
  const clock = new DeviceClock(options.clock ?? new SystemClock());
  const random = options.random ?? createRandom(clock);
  const identity = await loadIdentity(stateDirectory);
  const logger = (options.logger ?? silentLogger).child({ deviceId: identity.deviceId });
  const store = await DeviceStore.open(stateDirectory);
  const eventJournal = await openEventJournal(stateDirectory);
  const ring = await SegmentRing.open({ stateDirectory, quotaBytes, logger });
  const factory = { factoryVersion: camera.about.firmware, trustedKeys: options.firmwareKeys ?? [] };
  const firmware = await openFirmware({ stateDirectory, ...factory, clock, logger });
  return {
    firmware,
    camera,
    platformUrl,
    bindingCode,
    recipients: checkedRecipients(options.recipients),
    identity,
    store,
    eventJournal,
    ring,
    clock,
    random,
    logger,
    log: options.log,
    network: (options.network ?? plainNetwork)(clock),
  };
}

function checkedRecipients(recipients: readonly string[] | undefined): readonly string[] | undefined {
  if (recipients !== undefined && (recipients.length === 0 || !isRecipients(recipients)))
    throw new AppError('INVALID_PARAMS', undefined, { message: 'recipients are public keys: 43 characters of base64url each, at most 64' });
  return recipients;
}
