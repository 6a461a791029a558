import { AppError } from '@cardea/core';
import type { PushTarget } from '@cardea/protocol';
import type { DeviceProof } from '../authorization/proof.ts';
import type { Bus, Db } from '../store/ports.ts';
import type { TokenClaims } from '../tokens/token-issuer.ts';
import { Broadcast, type BroadcastOptions } from './broadcast.ts';
import type { LiveStream } from './live-stream.ts';
import type { MediaSource } from './ports.ts';

export interface BroadcastsOptions
  extends Pick<BroadcastOptions, 'commands' | 'clock' | 'random' | 'logger' | 'counters'>,
    Partial<Pick<BroadcastOptions, 'origins' | 'placeElsewhere'>> {
  readonly db: Db;
  readonly bus: Bus;
  /** Where a device bound at `epoch` publishes `source` as session `sessionId`. */
  readonly targetOf: (source: MediaSource, session: { readonly epoch: number; readonly sessionId: string }) => Promise<PushTarget>;
}

/** The broadcasts that run: one for each source somebody watches, and none for a home its device is no longer bound to. */
export class Broadcasts {
  private readonly options: BroadcastsOptions;
  private readonly bySource = new Map<string, Broadcast>();

  constructor(options: BroadcastsOptions) {
    this.options = options;
  }

  get all(): readonly Broadcast[] {
    return [...this.bySource.values()];
  }

  of(source: MediaSource): Broadcast | undefined {
    return this.bySource.get(keyOf(source));
  }

  ofDevice(deviceId: string): readonly Broadcast[] {
    return this.all.filter(({ source }) => source.deviceId === deviceId);
  }

  /** The broadcast a device may publish now as that session. */
  publishedAs(sessionId: string): Broadcast | undefined {
    return this.all.find(({ push }) => push.sessionId === sessionId);
  }

  /** The broadcast of a source for a binding; made when there is none. */
  ensure({ homeId, epoch }: Pick<DeviceProof, 'homeId' | 'epoch'>, source: MediaSource): Broadcast {
    const { bus, origins, targetOf } = this.options;
    const key = keyOf(source);
    const running = this.bySource.get(key);
    if (running?.epoch === epoch) return running;
    // The device was bound anew since: nobody of the home before may see on.
    void running?.end();
    const broadcast: Broadcast = new Broadcast({
      ...this.options,
      source,
      homeId,
      epoch,
      origins,
      mintTarget: (sessionId) => targetOf(source, { epoch, sessionId }),
      onState: (state) => bus.publish({ type: 'live', homeId, ...source, state }),
      onOver: () => {
        if (this.bySource.get(key) === broadcast) this.bySource.delete(key);
      },
    });
    this.bySource.set(key, broadcast);
    return broadcast;
  }

  /** The stream a publisher feeds. @throws AppError SESSION_NOT_FOUND when nobody asked for it */
  streamOf(claims: TokenClaims['vm-publish']): LiveStream {
    const broadcast = this.of(claims);
    if (broadcast?.push.sessionId !== claims.sessionId) throw new AppError('SESSION_NOT_FOUND');
    return broadcast.stream;
  }

  /** Binding epoch of a device; `undefined` when it is bound to nobody, or may not connect. */
  async epochOf(deviceId: string): Promise<number | undefined> {
    const row = await this.options.db
      .selectFrom('device')
      .select('binding_epoch')
      .where('id', '=', deviceId)
      .where('disabled', '=', 0)
      .where('home_id', 'is not', null)
      .executeTakeFirst();
    return row?.binding_epoch;
  }

  /** Ends what a device pushes for a home it no longer belongs to. */
  async endForeign(deviceId: string): Promise<void> {
    const epoch = await this.epochOf(deviceId);
    const foreign = this.ofDevice(deviceId).filter((broadcast) => broadcast.epoch !== epoch);
    await Promise.all(foreign.map((broadcast) => broadcast.end()));
  }

  async endAll(): Promise<void> {
    await Promise.all(this.all.map((broadcast) => broadcast.end()));
  }
}

function keyOf({ deviceId, channel, stream }: MediaSource): string {
  return `${deviceId}/${channel}/${stream}`;
}
