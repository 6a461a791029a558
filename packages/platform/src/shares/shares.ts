import type { Action, FreshShare, Share, ShareRequest, ShareView } from '@cardea/api';
import { AppError, type Clock, type Random } from '@cardea/core';
import type { Authorizer } from '../authorization/authorizer.ts';
import { assertRoomFor, type Caps, defaultCaps } from '../authorization/caps.ts';
import { sharedActions } from '../authorization/credentials.ts';
import type { DeviceProof, Principal } from '../authorization/proof.ts';
import type { Bus, Db, Row } from '../store/ports.ts';
import { createSecretToken } from '../tokens/secret-token.ts';
import type { Passcodes, RecordedRange, ShareAccounts, SharedEvents, SharedRecordings } from './ports.ts';

export interface SharesOptions {
  readonly db: Db;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly random: Random;
  readonly caps?: Caps;
  readonly authorizer: Pick<Authorizer, 'device' | 'devices'>;
  readonly accounts: ShareAccounts;
  readonly events: SharedEvents;
  readonly recordings: SharedRecordings;
  readonly passcodes: Passcodes;
  /** Origin under which users reach the platform. */
  readonly publicUrl: () => string;
}

const HOUR_MS = 3_600_000;
const DEFAULT_TTL_MS = 24 * HOUR_MS;
const MAX_TTL_MS = 30 * 24 * HOUR_MS;
const MAX_CLIP_MS = 24 * HOUR_MS;
/** What is shown of the recordings around an event. */
const EVENT_BEFORE_MS = 60_000;
const EVENT_AFTER_MS = 5 * 60_000;
const MAX_VIEWS_SHOWN = 200;

/** Links with which people without a login see one thing of a device: made, listed and ended here. */
export class Shares {
  private readonly options: SharesOptions;

  constructor(options: SharesOptions) {
    this.options = options;
  }

  /**
   * Makes a link by the right of `principal`, which is asked for again each time somebody uses it.
   * @throws AppError NOT_FOUND for the device or the event; FORBIDDEN without `share` or the right to see the thing; INVALID_PARAMS;
   * INVALID_STATE with `encryption` for recordings a link could not show; LIMIT_EXCEEDED
   */
  async create(principal: Principal, request: ShareRequest): Promise<FreshShare> {
    const { clock, db, passcodes, publicUrl, random } = this.options;
    const proof = await this.options.authorizer.device(principal, 'share', request.deviceId);
    const thing = await this.thingOf(principal, request);
    const now = clock.now();
    const { expiresAt = now + DEFAULT_TTL_MS, passcode, watermark = false } = request;
    if (expiresAt <= now || expiresAt > now + MAX_TTL_MS) {
      throw new AppError('INVALID_PARAMS', { member: 'expiresAt' }, { message: 'a share lasts at most 30 days' });
    }
    assertRoomFor('sharesPerHome', this.options.caps ?? defaultCaps, await this.countOf(proof.homeId, now));
    const id = random.ulid();
    const { token, hash } = createSecretToken(random, 'share');
    await db
      .insertInto('share')
      .values({
        ...{
          id,
          token_hash: hash,
          user_id: principal.userId,
          home_id: proof.homeId,
          device_id: proof.deviceId,
          binding_epoch: proof.epoch,
        },
        ...thing,
        ...{ passcode_hash: passcode === undefined ? null : await passcodes.hash(passcode), watermark: watermark ? 1 : 0 },
        ...{ created_at: now, expires_at: expiresAt },
      })
      .execute();
    return { id, url: `${publicUrl()}/s/${token}`, expiresAt };
  }

  /** Links that still work, newest first. */
  async list(principal: Principal, { homeId }: { readonly homeId?: string | undefined }): Promise<readonly Share[]> {
    const { accounts, authorizer, clock, db } = this.options;
    const proofs = await authorizer.devices(principal, 'share', homeId);
    const ids = new Set(proofs.map(({ deviceId }) => deviceId));
    const homeIds = [...new Set(proofs.map((proof) => proof.homeId))];
    if (homeIds.length === 0) return [];
    const rows = await db
      .selectFrom('share')
      .selectAll()
      .select(({ selectFrom }) => {
        const views = selectFrom('share_view').whereRef('share_view.share_id', '=', 'share.id');
        return [
          views.select(({ fn }) => fn.countAll<number>().as('n')).as('views'),
          views.select(({ fn }) => fn.max('share_view.at').as('at')).as('viewed_at'),
        ];
      })
      .where('home_id', 'in', homeIds)
      .where('expires_at', '>', clock.now())
      .orderBy('id', 'desc')
      .execute();
    const visible = rows.filter(({ device_id }) => ids.has(device_id));
    const names = await accounts.namesOf([...new Set(visible.map(({ user_id }) => user_id))]);
    return visible.map((row) => present(row, names.get(row.user_id)));
  }

  /** The device a share is of, so that a route can ask for the right to it; `undefined` for one that works no longer. */
  async deviceOf(id: string): Promise<string | undefined> {
    const { clock, db } = this.options;
    return (await db.selectFrom('share').select('device_id').where('id', '=', id).where('expires_at', '>', clock.now()).executeTakeFirst())
      ?.device_id;
  }

  /** Ends a link and what is open by it. @throws AppError NOT_FOUND */
  async remove({ homeId, deviceId }: DeviceProof<'share'>, id: string): Promise<void> {
    const { bus, db } = this.options;
    const { numDeletedRows } = await db
      .deleteFrom('share')
      .where('id', '=', id)
      .where('home_id', '=', homeId)
      .where('device_id', '=', deviceId)
      .executeTakeFirst();
    if (numDeletedRows !== 1n) throw new AppError('NOT_FOUND');
    bus.publish({ type: 'revoked', scope: 'session', id });
  }

  /** When a link was opened, newest first. @throws AppError NOT_FOUND */
  async views({ homeId, deviceId }: DeviceProof<'share'>, id: string): Promise<readonly ShareView[]> {
    const rows = await this.options.db
      .selectFrom('share_view')
      .innerJoin('share', 'share.id', 'share_view.share_id')
      .select(['share_view.at', 'share_view.address', 'share_view.user_agent'])
      .where('share_view.share_id', '=', id)
      .where('share.home_id', '=', homeId)
      .where('share.device_id', '=', deviceId)
      .orderBy('share_view.id', 'desc')
      .limit(MAX_VIEWS_SHOWN)
      .execute();
    return rows.map(({ at, address, user_agent }) => ({ at, address, ...(user_agent !== null && { userAgent: user_agent }) }));
  }

  /** Forgets links that ended a month ago, with who opened them; call now and then. */
  async purgeExpired(): Promise<void> {
    const { clock, db } = this.options;
    await db
      .deleteFrom('share')
      .where('expires_at', '<', clock.now() - MAX_TTL_MS)
      .execute();
  }

  private async countOf(homeId: string, now: number): Promise<number> {
    const { open } = await this.options.db
      .selectFrom('share')
      .select(({ fn }) => fn.countAll<number>().as('open'))
      .where('home_id', '=', homeId)
      .where('expires_at', '>', now)
      .executeTakeFirstOrThrow();
    return open;
  }

  /** What is shared, as the table keeps it, once it is clear that the user may see it. */
  private async thingOf(
    principal: Principal,
    { kind, deviceId, channel = 1, from, to, eventId }: ShareRequest,
  ): Promise<Pick<Row<'share'>, 'kind' | 'channel' | 'from_at' | 'to_at' | 'event_id'>> {
    const { authorizer, events } = this.options;
    const right = <A extends Action>(action: A): Promise<DeviceProof<A>> => authorizer.device(principal, action, deviceId);
    const nothing = { from_at: null, to_at: null, event_id: null };
    for (const action of sharedActions[kind]) await right(action);
    switch (kind) {
      case 'live':
        return { kind, channel, ...nothing };
      case 'clip':
        if (from === undefined || to === undefined || to <= from || to - from > MAX_CLIP_MS) {
          throw new AppError(
            'INVALID_PARAMS',
            { members: ['from', 'to'] },
            { message: 'a clip has a beginning and an end, at most a day apart' },
          );
        }
        await this.assertShowable(await right('view.recordings'), { channel, from, to });
        return { kind, channel, ...nothing, from_at: from, to_at: to };
      case 'event': {
        if (eventId === undefined) throw new AppError('INVALID_PARAMS', { member: 'eventId' });
        const event = await events.get(await right('view.events'), eventId);
        const [from_at, to_at] = [event.occurredAt - EVENT_BEFORE_MS, event.occurredAt + EVENT_AFTER_MS];
        return { kind, channel: event.channel ?? channel, event_id: eventId, from_at, to_at };
      }
    }
  }

  /** Whoever has only the link has no key, and would learn that when it is too late. */
  private async assertShowable(proof: DeviceProof<'view.recordings'>, range: RecordedRange): Promise<void> {
    const encryption = await this.options.recordings.encryptionIn(proof, range);
    if (encryption === undefined) return;
    const message = 'this recording is encrypted, so that a link could not show it: open it with cardea decrypt and pass on the file';
    throw new AppError('INVALID_STATE', { encryption }, { message });
  }
}

function present(
  row: Row<'share'> & { readonly views: number | null; readonly viewed_at: number | null },
  userName: string | undefined,
): Share {
  return {
    ...{ id: row.id, kind: row.kind, deviceId: row.device_id, homeId: row.home_id, channel: row.channel },
    ...(row.from_at !== null && { from: row.from_at }),
    ...(row.to_at !== null && { to: row.to_at }),
    ...(row.event_id !== null && { eventId: row.event_id }),
    userId: row.user_id,
    ...(userName !== undefined && { userName }),
    passcode: row.passcode_hash !== null,
    watermark: row.watermark === 1,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    views: row.views ?? 0,
    ...(row.viewed_at !== null && { lastViewedAt: row.viewed_at }),
  };
}
