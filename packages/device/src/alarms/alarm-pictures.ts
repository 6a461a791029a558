import { type Clock, type Logger, withDeadline } from '@cardea/core';
import { snapshotLimits, type UploadTicket } from '@cardea/protocol';
import type { Picture } from '../camera.ts';
import type { Snapshots } from '../snapshots.ts';

export interface AlarmPicturesOptions {
  readonly snapshots: Pick<Snapshots, 'take' | 'put'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A picture that waits for its ticket. */
export type AlarmPicture = symbol;

interface Shot {
  readonly atMs: number;
  readonly picture: Promise<Picture>;
}

/** Beyond these the oldest give way: a picture never holds up an alarm, and a device offline raises many (C14). */
const MAX_WAITING = 16;
/** Alarms of one moment share a picture. */
const MOMENT_MS = 500;

/** Pictures of alarms: taken when the alarm begins, brought away when its acknowledgement has a ticket. */
export class AlarmPictures implements Disposable {
  private readonly options: AlarmPicturesOptions;
  private readonly waiting = new Map<AlarmPicture, Promise<Picture>>();
  private readonly newest = new Map<number, Shot>();
  private readonly stopping = new AbortController();

  constructor(options: AlarmPicturesOptions) {
    this.options = options;
  }

  /** Takes a picture of `channel` now. */
  take(channel: number): AlarmPicture {
    const key: AlarmPicture = Symbol('picture of an alarm');
    this.waiting.set(key, this.shoot(channel));
    const [oldest] = this.waiting.keys();
    if (this.waiting.size > MAX_WAITING && oldest !== undefined) this.waiting.delete(oldest);
    return key;
  }

  /** Brings the picture to the first of `tickets`; it is not kept any longer, whatever becomes of it. */
  bring(key: AlarmPicture, [ticket]: readonly UploadTicket[]): void {
    const picture = this.waiting.get(key);
    this.waiting.delete(key);
    if (picture === undefined || ticket === undefined) return;
    const { clock, logger, snapshots } = this.options;
    const put = async (signal: AbortSignal): Promise<void> => await snapshots.put((await picture).jpeg, ticket, signal);
    withDeadline(clock, snapshotLimits.ticketTtlMs, put, { signal: this.stopping.signal }).catch((error: unknown) =>
      logger.warn({ err: error }, 'the picture of an alarm did not arrive'),
    );
  }

  [Symbol.dispose](): void {
    this.stopping.abort();
    this.waiting.clear();
  }

  private shoot(channel: number): Promise<Picture> {
    const { clock, logger, snapshots } = this.options;
    const atMs = clock.monotonicMs();
    const newest = this.newest.get(channel);
    if (newest !== undefined && atMs - newest.atMs < MOMENT_MS) return newest.picture;
    const picture = snapshots.take({ channel }, this.stopping.signal);
    picture.catch((error: unknown) => logger.warn({ err: error }, 'no picture of an alarm could be taken'));
    this.newest.set(channel, { atMs, picture });
    return picture;
  }
}
