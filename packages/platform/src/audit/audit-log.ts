import type { AuditEntry } from '@cardea/api';
import { AppError, type Clock } from '@cardea/core';
import type { HomeProof } from '../authorization/proof.ts';
import type { Db } from '../store/ports.ts';
import { type AuditRow, chained, EMPTY_CHAIN } from './audit-chain.ts';

/** Something to write down. */
export interface AuditNote {
  /** Operation of the user API, or `command:` and the Vd method. */
  readonly action: string;
  readonly userId?: string | undefined;
  /** The account somebody claimed to be, instead of `userId`: an address, which may be nobody's. */
  readonly account?: string | undefined;
  readonly homeId?: string | undefined;
  readonly deviceId?: string | undefined;
  /** What exactly; never a credential, and never the values somebody set. */
  readonly detail?: Readonly<Record<string, unknown>>;
}

export interface AuditQuery {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly cursor?: string | undefined;
  readonly limit?: number | undefined;
}

export interface AuditLogOptions {
  readonly db: Db;
  readonly clock: Clock;
}

const DEFAULT_LIMIT = 50;
/** Other processes write to the same chain; each loses the race for a number only so often. */
const ATTEMPTS = 10;

/**
 * Who did and saw what (reliability.md P25). Entries are only ever added; each holds the hash of the one before, so that
 * none can be edited, removed or moved unnoticed.
 */
export class AuditLog {
  private readonly db: Db;
  private readonly clock: Clock;
  private writing: Promise<unknown> = Promise.resolve();

  constructor({ db, clock }: AuditLogOptions) {
    this.db = db;
    this.clock = clock;
  }

  /** Resolves when the entry is durable; what it tells of may happen then. */
  async record(note: AuditNote): Promise<void> {
    const written = this.writing.then(() => this.append(note));
    this.writing = written.catch(() => {});
    await written;
  }

  /**
   * What was done in the homes, and by their members to their own accounts, newest first.
   * @throws AppError INVALID_PARAMS for a cursor that is none
   */
  async list(
    proofs: readonly HomeProof<'manage'>[],
    { from, to, cursor, limit = DEFAULT_LIMIT }: AuditQuery,
  ): Promise<{ readonly items: readonly Omit<AuditEntry, 'userName'>[]; readonly next?: string }> {
    if (cursor !== undefined && !/^\d{1,15}$/.test(cursor)) throw new AppError('INVALID_PARAMS', { cursor: 'not a cursor of this list' });
    const homeIds = proofs.map(({ homeId }) => homeId);
    if (homeIds.length === 0) return { items: [] };
    const members = this.db.selectFrom('home_member').select('user_id').where('home_id', 'in', homeIds);
    let query = this.db
      .selectFrom('audit')
      .selectAll()
      .where(({ and, eb, or }) => or([eb('home_id', 'in', homeIds), and([eb('home_id', 'is', null), eb('user_id', 'in', members)])]));
    if (from !== undefined) query = query.where('at', '>=', from);
    if (to !== undefined) query = query.where('at', '<', to);
    if (cursor !== undefined) query = query.where('seq', '<', Number(cursor));
    const rows = await query
      .orderBy('seq', 'desc')
      .limit(limit + 1)
      .execute();
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return { items: page.map(present), ...(rows.length > limit && last !== undefined && { next: String(last.seq) }) };
  }

  private async append({ action, userId, account, homeId, deviceId, detail = {} }: AuditNote): Promise<void> {
    const content = {
      at: this.clock.now(),
      user_id: userId ?? (await this.ownerOf(account)) ?? null,
      home_id: homeId ?? null,
      device_id: deviceId ?? null,
      action,
      detail: JSON.stringify(detail),
    };
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.add(content);
      } catch (error) {
        if (attempt === ATTEMPTS) throw error;
      }
    }
  }

  private async ownerOf(account: string | undefined): Promise<string | undefined> {
    if (account === undefined) return undefined;
    const row = await this.db.selectFrom('user').select('id').where('email', '=', account.toLowerCase()).executeTakeFirst();
    return row?.id;
  }

  private async add(content: Parameters<typeof chained>[1]): Promise<void> {
    const newest = await this.db.selectFrom('audit').select(['seq', 'hash']).orderBy('seq', 'desc').limit(1).executeTakeFirst();
    // The number is the primary key: of two who chain to the same entry, one fails and chains anew.
    await this.db
      .insertInto('audit')
      .values(chained(newest ?? EMPTY_CHAIN, content))
      .execute();
  }
}

function present({ seq, at, user_id, home_id, device_id, action, detail }: AuditRow): Omit<AuditEntry, 'userName'> {
  return { id: String(seq), at, action, userId: user_id, homeId: home_id, deviceId: device_id, detail: JSON.parse(detail) };
}
