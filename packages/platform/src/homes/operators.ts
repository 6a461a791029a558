import type { Clock } from '@cardea/core';
import type { Principal } from '../authorization/proof.ts';
import type { Db } from '../store/ports.ts';

/**
 * Who runs the platform: whoever set it up, and whom the provider says so. It is a right to look after the platform; it
 * gives nothing in any home.
 */
export class Operators {
  private readonly db: Db;
  private readonly clock: Clock;

  constructor({ db, clock }: { readonly db: Db; readonly clock: Clock }) {
    this.db = db;
    this.clock = clock;
  }

  /** Whether this is the login of an operator; API tokens and shares never are. */
  async isOne({ userId, within }: Principal): Promise<boolean> {
    if (within !== undefined) return false;
    const row = await this.db.selectFrom('operator').select('until').where('user_id', '=', userId).executeTakeFirst();
    return row !== undefined && (row.until ?? Number.POSITIVE_INFINITY) > this.clock.now();
  }

  /** Makes a user an operator until an instant, or for good; who is one for good stays one. */
  async appoint(userId: string, until: number | null): Promise<void> {
    await this.db
      .insertInto('operator')
      .values({ user_id: userId, until })
      .onConflict((conflict) => conflict.column('user_id').doUpdateSet({ until }).where('operator.until', 'is not', null))
      .execute();
  }

  /** Ends what was given until an instant. */
  async dismiss(userId: string): Promise<void> {
    await this.db.deleteFrom('operator').where('user_id', '=', userId).where('until', 'is not', null).execute();
  }
}
