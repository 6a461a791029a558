import type { StreamName } from '@cardea/protocol';
import type { Alarms } from './alarms.ts';
import type { OngoingAlarm } from './ongoing-alarm.ts';

/** Raises `videoLoss` while a channel that should send pictures does not. */
export class VideoLoss {
  private readonly alarms: Pick<Alarms, 'begin'>;
  private readonly lost = new Map<number, Set<StreamName>>();
  private readonly raised = new Map<number, Promise<OngoingAlarm | undefined>>();

  constructor(alarms: Pick<Alarms, 'begin'>) {
    this.alarms = alarms;
  }

  /** A stream of `channel` fell silent, or came back. */
  report({ channel, stream, isLost }: { readonly channel: number; readonly stream: StreamName; readonly isLost: boolean }): void {
    const streams = this.lost.get(channel) ?? new Set();
    this.lost.set(channel, streams);
    if (isLost) streams.add(stream);
    else streams.delete(stream);
    const raised = this.raised.get(channel);
    if (isLost && raised === undefined) this.raised.set(channel, this.alarms.begin({ channel, alarmType: 'videoLoss' }));
    if (streams.size > 0 || raised === undefined) return;
    this.raised.delete(channel);
    // A start that could not be kept was logged where it failed.
    raised.then((alarm) => alarm?.stop()).catch(() => {});
  }
}
