import type { StreamName } from '@cardea/protocol';
import type { Alarms } from './alarms.ts';
import type { OngoingAlarm } from './ongoing-alarm.ts';

export interface VideoLossOptions {
  readonly alarms: Pick<Alarms, 'begin'>;
  /** A channel went away, or came back. */
  readonly onChange: (channel: number, isLost: boolean) => void;
}

/** Notices when a channel that should send pictures does not, and raises `videoLoss` for as long. */
export class VideoLoss {
  private readonly options: VideoLossOptions;
  private readonly lost = new Map<number, Set<StreamName>>();
  private readonly raised = new Map<number, Promise<OngoingAlarm | undefined>>();

  constructor(options: VideoLossOptions) {
    this.options = options;
  }

  /** A stream of the channel should send pictures and does not. */
  isLost(channel: number): boolean {
    return (this.lost.get(channel)?.size ?? 0) > 0;
  }

  /** A stream of `channel` fell silent, or came back. */
  report({ channel, stream, isLost }: { readonly channel: number; readonly stream: StreamName; readonly isLost: boolean }): void {
    const { alarms, onChange } = this.options;
    const wasLost = this.isLost(channel);
    const streams = this.lost.get(channel) ?? new Set();
    this.lost.set(channel, streams);
    if (isLost) streams.add(stream);
    else streams.delete(stream);
    if (this.isLost(channel) !== wasLost) onChange(channel, !wasLost);
    const raised = this.raised.get(channel);
    if (isLost && raised === undefined) this.raised.set(channel, alarms.begin({ channel, alarmType: 'videoLoss' }));
    if (streams.size > 0 || raised === undefined) return;
    this.raised.delete(channel);
    // A start that could not be kept was logged where it failed.
    raised.then((alarm) => alarm?.stop()).catch(() => {});
  }
}
