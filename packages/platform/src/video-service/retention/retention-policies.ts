import type { Retention, RetentionChange } from '@cardea/api';
import type { Db, Row } from '../../store/ports.ts';

/** A home, or with `deviceId` one camera of it. */
export interface Keeper {
  readonly homeId: string;
  readonly deviceId?: string;
}

type PolicyRow = Row<'retention_policy'>;

/** Rows for a home as a whole carry this instead of a device. */
const WHOLE_HOME = '';

/** What homes and cameras keep. */
export class RetentionPolicies {
  private readonly db: Db;
  private readonly fallback: Retention;

  /** @param fallback what homes keep that say nothing of their own */
  constructor(db: Db, fallback: Retention) {
    this.db = db;
    this.fallback = fallback;
  }

  /** What holds for the home, or for the camera: a quota of the home is not one of each camera. */
  async of({ homeId, deviceId = WHOLE_HOME }: Keeper): Promise<Retention> {
    const rows = await this.db
      .selectFrom('retention_policy')
      .selectAll()
      .where('home_id', '=', homeId)
      .where('device_id', 'in', [WHOLE_HOME, deviceId])
      .execute();
    const home = rows.find((row) => row.device_id === WHOLE_HOME);
    const own = rows.find((row) => row.device_id === deviceId);
    const quotaBytes = own?.quota_bytes ?? (deviceId === WHOLE_HOME ? this.fallback.quotaBytes : undefined);
    const { mode, streams, days } = this.fallback;
    return {
      mode: own?.mode ?? home?.mode ?? mode,
      streams: own?.streams ?? home?.streams ?? streams,
      days: own?.days ?? home?.days ?? days,
      ...(quotaBytes !== undefined && { quotaBytes }),
    };
  }

  /** Changes what is given; null takes a value of its own away. Resolves with what holds then. */
  async change(keeper: Keeper, { mode, streams, days, quotaBytes }: RetentionChange): Promise<Retention> {
    const given: Partial<PolicyRow> = {
      ...(mode !== undefined && { mode }),
      ...(streams !== undefined && { streams }),
      ...(days !== undefined && { days }),
      ...(quotaBytes !== undefined && { quota_bytes: quotaBytes }),
    };
    const key = { home_id: keeper.homeId, device_id: keeper.deviceId ?? WHOLE_HOME };
    await this.db
      .insertInto('retention_policy')
      .values({ mode: null, streams: null, days: null, quota_bytes: null, ...given, ...key })
      .onConflict((c) => c.columns(['home_id', 'device_id']).doUpdateSet({ ...key, ...given }))
      .execute();
    return await this.of(keeper);
  }

  /** The camera left the home. */
  async forget({ homeId, deviceId = WHOLE_HOME }: Keeper): Promise<void> {
    await this.db.deleteFrom('retention_policy').where('home_id', '=', homeId).where('device_id', '=', deviceId).execute();
  }
}
