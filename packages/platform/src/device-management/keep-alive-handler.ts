import { AppError, type Clock } from '@cardea/core';
import { type keepAliveReport, type ParamsOf, type ResultOf, vsTimers } from '@cardea/protocol';
import type { Bus } from '../store/ports.ts';
import type { TokenIssuer } from '../tokens/token-issuer.ts';
import type { CapabilityCache } from './capability-cache.ts';
import type { ClockKeeper } from './clock-keeper.ts';
import { type DeviceRecords, type DeviceRow, statusOf } from './device-records.ts';
import type { MessageContext } from './message-handlers.ts';
import type { RecordingFacts, RecordingRecipients, RecordingWishes } from './ports.ts';
import type { RecordingPolicies } from './recording-policies.ts';

type KeepAlive = ParamsOf<typeof keepAliveReport>;
type KeepAliveStatus = NonNullable<KeepAlive['status']>;

export interface KeepAliveHandlerOptions {
  readonly records: DeviceRecords;
  readonly capabilities: CapabilityCache;
  readonly clocks: ClockKeeper;
  readonly recordings: RecordingFacts;
  readonly wishes: Pick<RecordingWishes, 'isDue'>;
  readonly recipients: Pick<RecordingRecipients, 'isDue'>;
  readonly policies: RecordingPolicies;
  readonly tokens: TokenIssuer;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly keepAlive: { readonly intervalSec: number };
}

/** The longest back-off of a schedule, and as long again for a device that is sent away once. */
const RETURN_MS = 120_000;
/** Signal strength wavers all the time; less than this is not worth a write. */
const SIGNAL_STEP_DBM = 6;

/** Answers keep-alives: takes over what the device says of itself and keeps its token usable (B5.1). */
export class KeepAliveHandler {
  private readonly options: KeepAliveHandlerOptions;

  constructor(options: KeepAliveHandlerOptions) {
    this.options = options;
  }

  /** @throws AppError INVALID_PARAMS when the first report of a connection has no `info` */
  async answer(
    { seq, uptimeSec, info, status }: KeepAlive,
    { device, connection }: MessageContext,
  ): Promise<ResultOf<typeof keepAliveReport>> {
    if (seq === 0 && info === undefined)
      throw new AppError('INVALID_PARAMS', { problems: [{ path: '/info', message: 'is required when seq is 0' }] });
    const infoChanged = info !== undefined && (await this.options.records.updateInfo(device, info));
    const statusChanged = await this.updateStatus(device, status);
    if ((infoChanged || statusChanged) && device.home_id !== null) {
      this.options.bus.publish({ type: 'device', homeId: device.home_id, deviceId: device.id });
    }
    if (info !== undefined) await this.onReturn(device, info, uptimeSec);
    if (info !== undefined && info.capHash !== device.cap_hash) this.options.capabilities.refreshLater(device.id);
    this.options.clocks.onHeard(connection);
    // A device that comes back with what it was told long ago may have another interval than we count by.
    const retune = seq === 0 ? { keepAliveSec: this.options.keepAlive.intervalSec } : {};
    return { serverTime: this.options.clock.now(), ...retune, ...(await this.renewal(device, connection)) };
  }

  /** What the device may have done while nobody could hear it: start anew, or have its configuration changed by hand. */
  private async onReturn(
    { id, home_id, boot_id, config_version }: DeviceRow,
    info: NonNullable<KeepAlive['info']>,
    uptimeSec: number,
  ): Promise<void> {
    const { keepAlive, policies, recipients, recordings, wishes } = this.options;
    if (home_id === null) return;
    if (boot_id !== null && boot_id !== info.bootId) {
      await recordings.restarted(home_id, id, { silentMs: keepAlive.intervalSec * 1_000, uptimeMs: uptimeSec * 1_000 });
    }
    const isNew = config_version !== info.configVersion || !(await recordings.knowsPolicy(home_id, id));
    const place = { homeId: home_id, deviceId: id };
    if (isNew || (await wishes.isDue(place)) || (await recipients.isDue(place))) policies.followLater(id);
  }

  private async updateStatus(device: DeviceRow, status: KeepAliveStatus | undefined): Promise<boolean> {
    if (status === undefined || !differs(statusOf(device).report ?? {}, status)) return false;
    await this.options.records.changeStatus(device.id, { report: status });
    return true;
  }

  /** A device always holds a token with which it can come back without scheduling anew, of its present binding. */
  private async renewal(
    device: DeviceRow,
    connection: MessageContext['connection'],
  ): Promise<Pick<ResultOf<typeof keepAliveReport>, 'token'>> {
    const { clock, keepAlive, tokens } = this.options;
    const { epoch, expiresAt } = connection.heldToken;
    const neededUntil = clock.now() + keepAlive.intervalSec * 2 * 1_000 + RETURN_MS;
    if (epoch === device.binding_epoch && expiresAt > neededUntil) return {};
    const claims = { deviceId: device.id, epoch: device.binding_epoch, scheduleId: connection.scheduleId };
    const minted = await tokens.mint('vd', claims, vsTimers.vdTokenTtlMs);
    connection.heldToken = { epoch: device.binding_epoch, expiresAt: minted.expiresAt };
    return { token: { value: minted.token, expiresAt: minted.expiresAt } };
  }
}

function differs(before: KeepAliveStatus, now: KeepAliveStatus): boolean {
  const signalStep = Math.abs((before.rssiDbm ?? 0) - (now.rssiDbm ?? 0));
  return (
    before.batteryPct !== now.batteryPct ||
    before.liveSessions !== now.liveSessions ||
    before.disk !== now.disk ||
    signalStep >= SIGNAL_STEP_DBM
  );
}
