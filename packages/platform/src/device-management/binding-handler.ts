import { AppError } from '@cardea/core';
import { bindingReport, type ParamsOf, type ResultOf, validateResult } from '@cardea/protocol';
import type { Bus } from '../store/ports.ts';
import type { DeviceRecords, DeviceRow } from './device-records.ts';
import type { EventJournal } from './event-journal.ts';
import type { BindingClaims, RecordingFacts } from './ports.ts';
import type { RecordingPolicies } from './recording-policies.ts';

type BindingReport = ParamsOf<typeof bindingReport>;
type BindingAnswer = ResultOf<typeof bindingReport>;

export interface BindingHandlerOptions {
  readonly records: DeviceRecords;
  readonly journal: EventJournal;
  readonly claims: BindingClaims;
  readonly recordings: RecordingFacts;
  readonly policies: RecordingPolicies;
  readonly bus: Bus;
}

/** What an unbound device erases: the home's configuration, not the network it is in (C4 step 5, config.reset `soft`). */
const UNBIND_ACTION = 'wipeConfig';

/** Answers binding reports (B5.3, C4). The connection they come on stays; the next keep-alive brings the new token. */
export class BindingHandler {
  private readonly options: BindingHandlerOptions;

  constructor(options: BindingHandlerOptions) {
    this.options = options;
  }

  /** @throws AppError UNAUTHORIZED | ALREADY_ACTIVE */
  async answer(report: BindingReport, device: DeviceRow): Promise<BindingAnswer> {
    const first = validateResult(bindingReport, await this.options.journal.answerTo(device.id, report.eventId));
    if (first.ok) return first.value;
    switch (report.state) {
      case 'requested':
        return this.claim(report, device);
      case 'bound':
        return present(device);
      default:
        return this.leave(report, device);
    }
  }

  /** Ends the binding to the home and revokes what was given out for it. Returns whether there was one. */
  async release(deviceId: string, homeId: string): Promise<boolean> {
    const { bus, recordings, records } = this.options;
    if (!(await records.release(deviceId, homeId))) return false;
    await recordings.release(homeId, deviceId);
    bus.publish({ type: 'revoked', scope: 'device', id: deviceId });
    bus.publish({ type: 'device', homeId, deviceId });
    return true;
  }

  private async claim(report: BindingReport, device: DeviceRow): Promise<BindingAnswer> {
    const { bus, claims, policies, records } = this.options;
    if (report.bindToken === undefined) throw new AppError('UNAUTHORIZED');
    const { homeId, bindingId, boundAt } = await claims.claim(report.bindToken, { deviceId: device.id });
    const answer: BindingAnswer = { bound: true, bindingId, boundAt, unbindAction: UNBIND_ACTION };
    await this.record(report, { ...device, home_id: homeId }, answer);
    // The home gets to know the device while it is connected, so its first news is that it went.
    await records.changeStatus(device.id, { connected: true });
    bus.publish({ type: 'device', homeId, deviceId: device.id });
    policies.followLater(device.id);
    return answer;
  }

  /** The device was reset by whoever holds it: it belongs to nobody then. */
  private async leave(report: BindingReport, device: DeviceRow): Promise<BindingAnswer> {
    const answer: BindingAnswer = { bound: false };
    if (device.home_id === null || !(await this.release(device.id, device.home_id))) return answer;
    await this.record(report, device, answer);
    return answer;
  }

  private async record(report: BindingReport, device: DeviceRow, answer: BindingAnswer): Promise<void> {
    const { eventId, occurredAt } = report;
    // The code has done its work; it is not kept.
    const { bindToken: _, ...params } = report;
    const text = answer.bound ? 'bound' : 'unbound';
    await this.options.journal.take(device, { eventId, occurredAt, kind: 'device', type: 'binding', text, params }, answer);
  }
}

function present(device: DeviceRow): BindingAnswer {
  if (device.home_id === null) return { bound: false };
  return {
    bound: true,
    ...(device.binding_id !== null && { bindingId: device.binding_id }),
    ...(device.bound_at !== null && { boundAt: device.bound_at }),
    unbindAction: UNBIND_ACTION,
  };
}
