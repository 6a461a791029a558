import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Action, SharedThing } from '@cardea/api';
import { AppError, type Clock, hasStatus, type Random } from '@cardea/core';
import type { Authorizer } from '../authorization/authorizer.ts';
import type { DeviceProof } from '../authorization/proof.ts';
import type { Db, Row } from '../store/ports.ts';
import { hashSecretToken } from '../tokens/secret-token.ts';
import type { Passcodes, ShareAccounts, ShareAudit, SharedEvents, SharedRecordings } from './ports.ts';

export interface ShareVisitsOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly authorizer: Pick<Authorizer, 'ticket'>;
  readonly accounts: ShareAccounts;
  readonly events: SharedEvents;
  readonly recordings: SharedRecordings;
  readonly audit: ShareAudit;
  readonly passcodes: Passcodes;
  /** Signs what a visitor gets for the passcode. */
  readonly secret: Uint8Array;
}

export interface Visitor {
  readonly address: string;
  readonly userAgent?: string | undefined;
  /** What `unlock` gave, if the share has a passcode. */
  readonly pass?: string | undefined;
}

type ShareRow = Row<'share'>;

const ONE_VISIT_MS = 10 * 60_000;
const MAX_VISITS = 10_000;

/** The side of those who have a link. Unknown, expired and ended ones, and those whose maker may no longer, all look the same. */
export class ShareVisits {
  private readonly options: ShareVisitsOptions;
  /** Who opened which share when, monotonic. */
  private readonly recent = new Map<string, number>();

  constructor(options: ShareVisitsOptions) {
    this.options = options;
  }

  /**
   * The share of a link, for somebody who may open it; the visit is written down first.
   * @throws AppError NOT_FOUND; UNAUTHORIZED while a passcode is missing
   */
  async open(token: string, visitor: Visitor): Promise<OpenShare> {
    const share = await this.find(token);
    const { passcode_hash: hash } = share.row;
    if (hash !== null && !sameText(visitor.pass ?? '', this.passOf(share.row))) throw new AppError('UNAUTHORIZED');
    await this.writeDown(share.row, visitor);
    return share;
  }

  /** Whether there is anything behind the link, for somebody who knows the passcode. */
  async works(token: string): Promise<boolean> {
    try {
      await this.find(token);
      return true;
    } catch (error) {
      if (hasStatus(error, 'NOT_FOUND')) return false;
      throw error;
    }
  }

  /** What is shown to somebody who knows the passcode. @throws AppError NOT_FOUND; UNAUTHORIZED; RATE_LIMITED after ten wrong ones */
  async unlock(token: string, passcode: string, { address }: Visitor): Promise<string> {
    const { passcodes } = this.options;
    const { row } = await this.find(token);
    const hash = row.passcode_hash;
    if (hash !== null) {
      await passcodes.guard(row.id, address, async () => {
        if (!(await passcodes.verify({ hash, password: passcode }))) throw new AppError('UNAUTHORIZED');
      });
    }
    return this.passOf(row);
  }

  /** What the page shows. */
  async describe(share: OpenShare): Promise<SharedThing> {
    const { row, right } = share;
    const { accounts, db, events } = this.options;
    const device = await db.selectFrom('device').select('name').where('id', '=', row.device_id).executeTakeFirst();
    const names = await accounts.namesOf([row.user_id]);
    const event = row.event_id === null ? undefined : await events.get(await right('view.events'), row.event_id);
    return {
      kind: row.kind,
      deviceName: device?.name ?? '',
      sharedBy: names.get(row.user_id) ?? '',
      ...(row.from_at !== null && { from: row.from_at }),
      ...(row.to_at !== null && { to: row.to_at }),
      ...(event && {
        event: {
          ...{ type: event.type, occurredAt: event.occurredAt, pictures: event.pictures.length },
          hasVideo: event.segmentIds.length > 0 && (await this.isShowable(share)),
          ...(event.text !== undefined && { text: event.text }),
        },
      }),
      watermark: row.watermark === 1,
      expiresAt: row.expires_at,
    };
  }

  /** Without a key nobody sees what was encrypted. */
  private async isShowable({ row, right }: OpenShare): Promise<boolean> {
    const { channel, from_at: from, to_at: to } = row;
    if (from === null || to === null) return false;
    return (await this.options.recordings.encryptionIn(await right('view.recordings'), { channel, from, to })) === undefined;
  }

  private async find(token: string): Promise<OpenShare> {
    const { authorizer, clock, db } = this.options;
    const row = await db
      .selectFrom('share')
      .selectAll()
      .where('token_hash', '=', hashSecretToken(token))
      .where('expires_at', '>', clock.now())
      .executeTakeFirst();
    if (row === undefined) throw new AppError('NOT_FOUND');
    const claims = { userId: row.user_id, userSessionId: row.id, deviceId: row.device_id, epoch: row.binding_epoch };
    const right = async <A extends Action>(action: A): Promise<DeviceProof<A>> => {
      try {
        return await authorizer.ticket({ ...claims, action }, action);
      } catch (error) {
        throw hasStatus(error, 'UNAUTHORIZED') ? new AppError('NOT_FOUND') : AppError.from(error);
      }
    };
    await right(row.kind === 'live' ? 'view.live' : 'view.recordings');
    return { row, right };
  }

  private async writeDown({ id, home_id: homeId, device_id: deviceId, kind }: ShareRow, visitor: Visitor): Promise<void> {
    const { audit, clock, db, random } = this.options;
    const { address, userAgent } = visitor;
    const key = JSON.stringify([id, address, userAgent]);
    const nowMs = clock.monotonicMs();
    const before = this.recent.get(key);
    if (before !== undefined && nowMs - before < ONE_VISIT_MS) return;
    await audit.record({ action: 'share.open', homeId, deviceId, detail: { share: id, kind, address } });
    await db
      .insertInto('share_view')
      .values({ id: random.ulid(), share_id: id, at: clock.now(), address, user_agent: userAgent?.slice(0, 256) ?? null })
      .execute();
    this.recent.delete(key);
    this.recent.set(key, nowMs);
    const [oldest] = this.recent.keys();
    if (this.recent.size > MAX_VISITS && oldest !== undefined) this.recent.delete(oldest);
  }

  private passOf({ id, passcode_hash }: ShareRow): string {
    return createHmac('sha256', this.options.secret).update(`share pass\n${id}\n${passcode_hash}`).digest('base64url');
  }
}

/** A share somebody may open, and the rights it gives. */
export interface OpenShare {
  readonly row: ShareRow;
  /** @throws AppError NOT_FOUND when it does not give the right */
  right<A extends Action>(action: A): Promise<DeviceProof<A>>;
}

function sameText(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
