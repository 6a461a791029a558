import type { Route } from '@cardea/api';
import { type Clock, hasStatus } from '@cardea/core';
import type { AuditJournal } from './ports.ts';
import type { RouteCall, RouteHandler } from './route-call.ts';

/** A player asks for many ranges of one recording: that is one look at it. */
const ONE_LOOK_MS = 10 * 60_000;
const MAX_LOOKS = 1_000;
/** Members of a body that say what was looked at, not what was set, and one without which it would not be said what was done. */
const told = ['channel', 'stream', 'startAt', 'endAt', 'disabled'];
/** What the owner is to find again of each time somebody was let in who runs the platform. */
const toldOfSupport = ['email', 'actions', 'devices', 'hours', 'reason'];

export interface AuditedOptions {
  readonly audit: AuditJournal;
  readonly clock: Clock;
}

/**
 * `handle`, with the operation written down before it is done; one that makes its caller known only by succeeding, such as a
 * log-in, is written down before it is answered, and so is that it was refused. Bodies leave the names of their members, never what these were set to.
 */
export function audited(route: Route, handle: RouteHandler<Route>, { audit, clock }: AuditedOptions): RouteHandler<Route> {
  if (route.audited !== true) return handle;
  const looks = new Map<string, number>();
  const isNew = (key: string): boolean => {
    const nowMs = clock.monotonicMs();
    const seenMs = looks.get(key);
    if (seenMs !== undefined && nowMs - seenMs < ONE_LOOK_MS) return false;
    looks.delete(key);
    looks.set(key, nowMs);
    const [oldest] = looks.keys();
    if (looks.size > MAX_LOOKS && oldest !== undefined) looks.delete(oldest);
    return true;
  };
  return async (call: RouteCall<Route>) => {
    const visitor: RouteCall<Route>['visitor'] | undefined = call.visitor;
    if (visitor === undefined) {
      const { address } = call.source;
      const answer = await handle(call).catch(async (error: unknown) => {
        // Tries beyond the limit are not judged, so they say nothing.
        if (hasStatus(error, 'UNAUTHORIZED'))
          await audit.record({ action: route.id, account: accountOf(call), detail: { address, refused: error.code } });
        throw error;
      });
      await audit.record({ action: route.id, userId: userOf(answer), detail: { address } });
      return answer;
    }
    const { userId } = visitor.principal;
    const detail = detailOf(call, route.id === 'support.create' ? toldOfSupport : told);
    const proof: { readonly homeId?: string; readonly deviceId?: string } = call.proof ?? {};
    const { homeId, deviceId } = proof;
    if (route.method !== 'GET' || isNew(JSON.stringify([userId, detail]))) {
      await audit.record({ action: route.id, userId, homeId, deviceId, detail });
    }
    return await handle(call);
  };
}

function detailOf({ params, body }: RouteCall<Route>, shown: readonly string[]): Record<string, unknown> {
  if (typeof body !== 'object' || body === null) return { ...params };
  const members = Object.entries(body);
  const named = Object.fromEntries(members.filter(([name]) => shown.includes(name)));
  const fields = members.map(([name]) => name).filter((name) => !shown.includes(name));
  return { ...params, ...named, ...(fields.length > 0 && { fields }) };
}

/** Who the caller claimed to be. */
function accountOf(call: RouteCall<Route>): string | undefined {
  const body: unknown = call.body;
  return typeof body === 'object' && body !== null && 'email' in body && typeof body.email === 'string' ? body.email : undefined;
}

function userOf(answer: unknown): string | undefined {
  if (typeof answer !== 'object' || answer === null || !('user' in answer)) return undefined;
  const { user } = answer;
  return typeof user === 'object' && user !== null && 'id' in user && typeof user.id === 'string' ? user.id : undefined;
}
