import type { Timeline } from '@cardea/api';
import { AppError, type Clock } from '@cardea/core';
import type { DeviceProof } from '../../authorization/proof.ts';
import type { Db } from '../../store/ports.ts';
import { accountFor } from './account.ts';
import { daysOf } from './calendar-days.ts';
import { readEvidence } from './evidence.ts';
import type { Span } from './spans.ts';

export interface TimelineQuery {
  /** Unix milliseconds; without it a day before `to`. */
  readonly from?: number;
  /** Without it now. */
  readonly to?: number;
  /** Without it the first. */
  readonly channel?: number;
  /** `next` of the part before. */
  readonly cursor?: string;
}

const DAY_MS = 86_400_000;
/** A longer range is answered in parts. */
const MAX_PART_MS = 7 * DAY_MS;
const MAX_SPANS = 5_000;
/** Beside twice the length of a segment: what a device may take to upload it. */
const UPLOAD_MS = 30_000;

/** Accounts for what was recorded and what was not. */
export class Timelines {
  private readonly db: Db;
  private readonly clock: Clock;
  private readonly settleMs: number;

  constructor({ db, clock, targetSegmentSec }: { readonly db: Db; readonly clock: Clock; readonly targetSegmentSec: number }) {
    this.db = db;
    this.clock = clock;
    this.settleMs = 2 * targetSegmentSec * 1_000 + UPLOAD_MS;
  }

  /** @throws AppError INVALID_PARAMS when `to` is not after `from`, or for a cursor that is none */
  async timeline({ homeId, deviceId }: DeviceProof<'view.recordings'>, query: TimelineQuery): Promise<Timeline> {
    const now = this.clock.now();
    const { to = now, from = to - DAY_MS, channel = 1 } = query;
    const start = query.cursor === undefined ? from : startOf(query.cursor, { from, to });
    if (to <= start) throw new AppError('INVALID_PARAMS', undefined, { message: '`to` has to be after `from`' });
    const part = { from: start, to: Math.min(to, start + MAX_PART_MS) };
    const evidence = await readEvidence(this.db, { homeId, deviceId, channel }, part);
    const settledBefore = now - this.settleMs;
    const whole = accountFor(part, settledBefore, evidence);
    const cut = whole.spans[MAX_SPANS]?.from;
    const { spans, coverage } = cut === undefined ? whole : accountFor({ ...part, to: cut }, settledBefore, evidence);
    const end = cut ?? part.to;
    const days = daysOf({ from: start, to: end }, await this.timezoneOf(homeId));
    return {
      spans,
      coverage,
      days: days.map((day) => ({ ...day, coverage: accountFor(day, settledBefore, evidence).coverage })),
      ...(end < to && { next: String(end) }),
    };
  }

  private async timezoneOf(homeId: string): Promise<string> {
    const home = await this.db.selectFrom('home').select('timezone').where('id', '=', homeId).executeTakeFirst();
    return home?.timezone ?? 'UTC';
  }
}

function startOf(cursor: string, { from, to }: Span): number {
  const start = /^\d{1,15}$/.test(cursor) ? Number(cursor) : Number.NaN;
  if (!(start >= from && start < to)) throw new AppError('INVALID_PARAMS', { cursor: 'not a cursor of this range' });
  return start;
}
