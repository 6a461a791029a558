import type { Action } from '@cardea/api';
import type { Clock } from '@cardea/core';
import type { Db } from '../store/ports.ts';
import { type Grant, grantOf } from './grant.ts';

/** What is known of the credential somebody once showed. */
export interface Credential {
  /** What it narrows its user to; a login narrows nothing. */
  readonly within?: Grant;
  /** What its user must be allowed besides for it to count. */
  readonly needs?: Action;
}

/** Reads whether a login, an API token or a share still counts. Their ids are ULIDs, so that one is never taken for another. */
export class Credentials {
  private readonly db: Db;
  private readonly clock: Clock;

  constructor({ db, clock }: { readonly db: Db; readonly clock: Clock }) {
    this.db = db;
    this.clock = clock;
  }

  /** `undefined` once it ended. */
  async find(id: string): Promise<Credential | undefined> {
    return (await this.login(id)) ?? (await this.apiToken(id)) ?? (await this.share(id));
  }

  private async login(id: string): Promise<Credential | undefined> {
    const row = await this.db.selectFrom('session').select('expiresAt').where('id', '=', id).executeTakeFirst();
    return row !== undefined && Date.parse(row.expiresAt) > this.clock.now() ? {} : undefined;
  }

  private async apiToken(id: string): Promise<Credential | undefined> {
    const row = await this.db.selectFrom('api_token').select(['actions', 'devices', 'expires_at']).where('id', '=', id).executeTakeFirst();
    if (row === undefined || (row.expires_at ?? Number.POSITIVE_INFINITY) <= this.clock.now()) return undefined;
    return { within: grantOf({ ...row, hours: null, access_until: row.expires_at }) };
  }

  private async share(id: string): Promise<Credential | undefined> {
    const row = await this.db
      .selectFrom('share')
      .select(['kind', 'device_id', 'expires_at', 'from_at', 'to_at'])
      .where('id', '=', id)
      .executeTakeFirst();
    if (row === undefined || row.expires_at <= this.clock.now()) return undefined;
    const { device_id, expires_at: until, from_at: from, kind, to_at: to } = row;
    const recorded = from === null || to === null ? { from: 0, to: 0 } : { from, to };
    return { within: { actions: sharedActions[kind], devices: [device_id], until, recorded }, needs: 'share' };
  }
}

/** What each kind of share lets its visitors do. */
export const sharedActions: Readonly<Record<'live' | 'clip' | 'event', readonly Action[]>> = {
  live: ['view.live'],
  clip: ['view.recordings'],
  event: ['view.events', 'view.recordings'],
};
