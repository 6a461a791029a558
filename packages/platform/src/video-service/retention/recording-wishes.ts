import type { WeekHours } from '@cardea/core';
import { weekHoursOf } from '../../authorization/opening-hours.ts';
import type { Db } from '../../store/ports.ts';
import type { RecordingLedger } from '../timeline/recording-ledger.ts';
import { type RecordingWish, writeWish } from '../timeline/recording-wish.ts';
import type { RetentionPolicies } from './retention-policies.ts';

/** A camera in a home. */
export interface WishedOf {
  readonly homeId: string;
  readonly deviceId: string;
}

export interface RecordingWishesOptions {
  readonly db: Db;
  readonly policies: Pick<RetentionPolicies, 'said'>;
  readonly ledger: Pick<RecordingLedger, 'set' | 'latest'>;
}

/**
 * What the platform wants cameras to record, from what was said for them and for their homes. The ledger follows it from the
 * moment it is said, whether or not the camera can be reached.
 */
export class RecordingWishes {
  private readonly options: RecordingWishesOptions;

  constructor(options: RecordingWishesOptions) {
    this.options = options;
  }

  /** What is wanted now, and noted. Without `mode` and `streams` the camera records as it is set itself. */
  async of(camera: WishedOf): Promise<RecordingWish> {
    const { ledger, policies } = this.options;
    const { mode, schedule = [], streams } = await policies.said(camera);
    const hours = schedule.map(weekHoursOf);
    const wish: RecordingWish = {
      ...(mode !== undefined && { mode }),
      ...(streams !== undefined && { streams }),
      ...(hours.length > 0 && { hours: { parts: hours satisfies readonly WeekHours[], timezone: await this.timezoneOf(camera.homeId) } }),
    };
    const before = await ledger.latest(placeOf(camera), 'wish');
    // Of most cameras nothing was ever said.
    if (before !== undefined || mode !== undefined || streams !== undefined) await ledger.set(placeOf(camera), 'wish', writeWish(wish));
    return wish;
  }

  /** The camera records as `wish` says. */
  async applied(camera: WishedOf, wish: RecordingWish): Promise<void> {
    const { ledger } = this.options;
    if ((await ledger.latest(placeOf(camera), 'wish')) !== undefined) await ledger.set(placeOf(camera), 'applied', writeWish(wish));
  }

  /** Whether the camera has to be told yet what it is to record. */
  async isDue(camera: WishedOf): Promise<boolean> {
    const [wish, applied] = await Promise.all([
      this.options.ledger.latest(placeOf(camera), 'wish'),
      this.options.ledger.latest(placeOf(camera), 'applied'),
    ]);
    return wish !== undefined && wish.value !== applied?.value;
  }

  private async timezoneOf(homeId: string): Promise<string> {
    const home = await this.options.db.selectFrom('home').select('timezone').where('id', '=', homeId).executeTakeFirst();
    return home?.timezone ?? 'UTC';
  }
}

function placeOf({ homeId, deviceId }: WishedOf) {
  return { homeId, deviceId, channel: 0 };
}
