import { AppError, type Logger } from '@cardea/core';
import {
  batteryChange,
  channelChange,
  configChange,
  type ParamsOf,
  type RpcDefinition,
  uploadLogDone,
  validateParams,
} from '@cardea/protocol';
import type { Bus } from '../store/ports.ts';
import type { CapabilityCache } from './capability-cache.ts';
import type { DeviceRecords } from './device-records.ts';
import type { DueEvent, EventJournal } from './event-journal.ts';
import type { LogTasks, RecordingFacts } from './ports.ts';
import type { RecordingPolicies } from './recording-policies.ts';

export interface EventFollowUpsOptions {
  readonly records: DeviceRecords;
  readonly capabilities: CapabilityCache;
  readonly policies: RecordingPolicies;
  readonly logs: LogTasks;
  readonly recordings: Pick<RecordingFacts, 'set'>;
  readonly journal: EventJournal;
  readonly bus: Bus;
  readonly logger: Logger;
}

type FollowUp = (event: DueEvent) => Promise<void>;

const BATCH = 100;

/**
 * What follows from an event beside that people read it. The journal holds which of it is due, so that it happens also when the
 * platform ends between the two; it may then happen twice, each time to the same end.
 * @see reliability.md C-7
 */
export class EventFollowUps {
  private readonly options: EventFollowUpsOptions;
  /** By the type of the event in the journal. */
  private readonly byType: ReadonlyMap<string, FollowUp>;

  constructor(options: EventFollowUpsOptions) {
    const { logs, records } = options;
    this.options = options;
    this.byType = new Map([
      [
        'battery',
        of(batteryChange, async ({ deviceId, homeId }, { battery }) => {
          await records.changeStatus(deviceId, { battery });
          options.bus.publish({ type: 'device', homeId, deviceId });
        }),
      ],
      ['config', of(configChange, ({ deviceId }) => this.onConfigured(deviceId))],
      ['channel', of(channelChange, (event, params) => this.onChannelChanged(event, params))],
      ['log', of(uploadLogDone, ({ deviceId }, params) => logs.ended(deviceId, params))],
    ]);
  }

  /** Whether anything follows from events of this type. */
  has(type: string): boolean {
    return this.byType.has(type);
  }

  /** Does what follows from the event, and notes that it was done. */
  async follow(event: DueEvent): Promise<void> {
    const { journal, records } = this.options;
    // A device that left the home meanwhile is no more concern of it.
    if (records.find(event.deviceId)?.home_id === event.homeId) await this.byType.get(event.type)?.(event);
    await journal.followed(event);
  }

  /** Does what an earlier run of the platform did not come to, in the order of the events. What fails is left to the next start. */
  async resume(signal: AbortSignal): Promise<void> {
    const { journal, logger } = this.options;
    let batch = await journal.due('', BATCH);
    while (batch.length > 0 && !signal.aborted) {
      for (const event of batch) {
        await this.follow(event).catch((error: unknown) => {
          logger.error({ err: error, deviceId: event.deviceId, type: event.type }, 'what follows from an event could not be done');
        });
      }
      batch = await journal.due(batch.at(-1)?.id ?? '', BATCH);
    }
  }

  /** The name of the device is part of what it says of itself. */
  private async onConfigured(deviceId: string): Promise<void> {
    const { capabilities, policies, records } = this.options;
    // Who cannot be asked now is asked when it comes back.
    await records.distrust(deviceId);
    capabilities.refreshLater(deviceId);
    policies.followLater(deviceId);
  }

  private async onChannelChanged({ deviceId, homeId }: DueEvent, change: ParamsOf<typeof channelChange>): Promise<void> {
    const { capabilities, recordings, records } = this.options;
    const { capHash, channel, occurredAt, online } = change;
    await recordings.set({ homeId, deviceId, channel }, 'signal', online ? 'there' : 'lost', occurredAt);
    if (capHash === records.find(deviceId)?.cap_hash) return;
    capabilities.refreshLater(deviceId);
  }
}

function of<D extends RpcDefinition>(definition: D, follow: (event: DueEvent, params: ParamsOf<D>) => Promise<void>): FollowUp {
  return async (event) => {
    const checked = validateParams(definition, JSON.parse(event.params));
    if (!checked.ok) throw new AppError('INTERNAL_ERROR', { type: event.type }, { cause: checked.problems });
    await follow(event, checked.value);
  };
}
