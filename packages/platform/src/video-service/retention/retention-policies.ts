import type { HourSpan, Retention, RetentionChange } from '@cardea/api';
import type { Db, Row } from '../../store/ports.ts';

/** A home, or with `deviceId` one camera of it. */
export interface Keeper {
  readonly homeId: string;
  readonly deviceId?: string;
}

/** What somebody said of recording; without a value the camera decides. */
export interface SaidOfRecording {
  readonly mode?: Retention['mode'];
  /** Hours of the home; empty: at all hours. */
  readonly schedule?: readonly HourSpan[];
  readonly streams?: Retention['streams'];
}

type PolicyRow = Row<'retention_policy'>;

/** Rows for a home as a whole carry this instead of a device. */
const WHOLE_HOME = '';

/** What homes and cameras record and keep. */
export class RetentionPolicies {
  private readonly db: Db;
  private readonly fallback: Retention;

  /** @param fallback what homes keep that say nothing of their own */
  constructor(db: Db, fallback: Retention) {
    this.db = db;
    this.fallback = fallback;
  }

  /** What holds for the home, or for the camera: a quota of the home is not one of each camera. */
  async of(keeper: Keeper): Promise<Retention> {
    const { home, own } = await this.rows(keeper);
    const quotaBytes = own?.quota_bytes ?? (keeper.deviceId === undefined ? this.fallback.quotaBytes : undefined);
    const eventDays = own?.event_days ?? home?.event_days ?? undefined;
    const schedule = scheduleOf(own) ?? scheduleOf(home) ?? [];
    const { mode, streams, days } = this.fallback;
    return {
      mode: own?.mode ?? home?.mode ?? mode,
      ...(schedule.length > 0 && { schedule: [...schedule] }),
      streams: own?.streams ?? home?.streams ?? streams,
      days: own?.days ?? home?.days ?? days,
      ...(eventDays !== undefined && { eventDays }),
      ...(quotaBytes !== undefined && { quotaBytes }),
    };
  }

  /** What was said of recording for the camera, or for its home. */
  async said(keeper: Required<Keeper>): Promise<SaidOfRecording> {
    const { home, own } = await this.rows(keeper);
    const schedule = scheduleOf(own) ?? scheduleOf(home);
    // Whoever names hours wants something recorded in them.
    const mode = own?.mode ?? home?.mode ?? (schedule === undefined ? undefined : this.fallback.mode);
    const streams = own?.streams ?? home?.streams ?? undefined;
    return {
      ...(mode !== undefined && { mode }),
      ...(schedule !== undefined && { schedule }),
      ...(streams !== undefined && { streams }),
    };
  }

  /** Changes what is given; null takes a value of its own away. Resolves with what holds then. */
  async change(keeper: Keeper, { mode, schedule, streams, days, eventDays, quotaBytes }: RetentionChange): Promise<Retention> {
    const given: Partial<PolicyRow> = {
      ...(mode !== undefined && { mode }),
      ...(schedule !== undefined && { schedule: schedule && JSON.stringify(schedule) }),
      ...(streams !== undefined && { streams }),
      ...(days !== undefined && { days }),
      ...(eventDays !== undefined && { event_days: eventDays }),
      ...(quotaBytes !== undefined && { quota_bytes: quotaBytes }),
    };
    const key = { home_id: keeper.homeId, device_id: keeper.deviceId ?? WHOLE_HOME };
    const nothing = { mode: null, schedule: null, streams: null, days: null, event_days: null, quota_bytes: null };
    await this.db
      .insertInto('retention_policy')
      .values({ ...nothing, ...given, ...key })
      .onConflict((c) => c.columns(['home_id', 'device_id']).doUpdateSet({ ...key, ...given }))
      .execute();
    return await this.of(keeper);
  }

  /** The camera left the home. */
  async forget({ homeId, deviceId = WHOLE_HOME }: Keeper): Promise<void> {
    await this.db.deleteFrom('retention_policy').where('home_id', '=', homeId).where('device_id', '=', deviceId).execute();
  }

  private async rows({ homeId, deviceId = WHOLE_HOME }: Keeper): Promise<{ readonly home?: PolicyRow; readonly own?: PolicyRow }> {
    const rows = await this.db
      .selectFrom('retention_policy')
      .selectAll()
      .where('home_id', '=', homeId)
      .where('device_id', 'in', [WHOLE_HOME, deviceId])
      .execute();
    const [home, own] = [WHOLE_HOME, deviceId].map((id) => rows.find((row) => row.device_id === id));
    return { ...(home !== undefined && { home }), ...(own !== undefined && { own }) };
  }
}

function scheduleOf(row: PolicyRow | undefined): readonly HourSpan[] | undefined {
  // Written by `change` from a value that was checked.
  return row?.schedule == null ? undefined : (JSON.parse(row.schedule) as HourSpan[]);
}
