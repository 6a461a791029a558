import { type AnswerOf, ApiProblem, type Client, type HomeEvent, type RouteOf, type Segment, type Timeline } from '@cardea/api';
import { type QueryClient, queryOptions, useQuery } from '@tanstack/react-query';
import { useApp } from '../app-context.ts';

export type User = AnswerOf<RouteOf<'me.get'>>;
export type Home = AnswerOf<RouteOf<'home.get'>>;
export type Device = AnswerOf<RouteOf<'device.get'>>;
export type Session = AnswerOf<RouteOf<'session.list'>>['items'][number];
export type Member = AnswerOf<RouteOf<'member.list'>>['items'][number];
export type Share = AnswerOf<RouteOf<'share.list'>>['items'][number];
export type Identity = AnswerOf<RouteOf<'identity.list'>>['items'][number];
export type LoginMethods = AnswerOf<RouteOf<'session.methods'>>;
export type PlatformState = AnswerOf<RouteOf<'platform.get'>>;
export type CertificateState = NonNullable<PlatformState['certificate']>;
export type Passkey = AnswerOf<RouteOf<'passkey.list'>>['items'][number];
export type ApiToken = AnswerOf<RouteOf<'token.list'>>['items'][number];
export type Retention = AnswerOf<RouteOf<'retention.ofDevice'>>;
export type StreamName = Device['channels'][number]['streams'][number];

const PAGE_ITEMS = 200;
/** A list longer than this many pages is cut. */
const MAX_PAGES = 20;

export const keys = {
  me: ['me'],
  homes: ['homes'],
  devices: ['devices'],
  sessions: ['sessions'],
  shares: ['shares'],
  tokens: ['tokens'],
  passkeys: ['passkeys'],
  identities: ['identities'],
  openedKeys: ['opened-keys'],
  members: (homeId: string) => ['members', homeId],
  presets: (deviceId: string, channel: number) => ['presets', deviceId, channel],
  alarms: (deviceId: string, from: number) => ['alarms', deviceId, from],
  storage: (homeId: string) => ['storage', homeId],
  retention: (deviceId: string) => ['retention', deviceId],
  timeline: (deviceId: string, channel: number, from: number) => ['timeline', deviceId, channel, from],
} as const;

interface Page<T> {
  readonly items: readonly T[];
  readonly next?: string;
}

async function allPages<T>(read: (cursor: string | undefined) => Promise<Page<T>>): Promise<readonly T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const answer = await read(cursor);
    items.push(...answer.items);
    cursor = answer.next;
    if (cursor === undefined) break;
  }
  return items;
}

/** The user, or `null` when nobody is logged in. */
export function meQuery(api: Client) {
  return queryOptions<User | null>({
    queryKey: keys.me,
    queryFn: ({ signal }) => api.call('me.get', { signal }).catch(nullWhenLoggedOut),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

function nullWhenLoggedOut(error: unknown): null {
  if (error instanceof ApiProblem && error.status === 401) return null;
  throw error;
}

/** The devices the user may see, by name. The event stream keeps them fresh. */
export function devicesQuery(api: Client) {
  return queryOptions<readonly Device[]>({
    queryKey: keys.devices,
    queryFn: ({ signal }) => allPages((cursor) => api.call('device.list', { query: { cursor, limit: PAGE_ITEMS }, signal })),
    staleTime: 60_000,
  });
}

export function homesQuery(api: Client) {
  return queryOptions<readonly Home[]>({
    queryKey: keys.homes,
    queryFn: async ({ signal }) => (await api.call('home.list', { signal })).items,
    staleTime: 60_000,
  });
}

/** How much a home stores, and what it keeps. */
export function storageQuery(api: Client, homeId: string) {
  return queryOptions<AnswerOf<RouteOf<'storage.get'>>>({
    queryKey: keys.storage(homeId),
    queryFn: ({ signal }) => api.call('storage.get', { params: { id: homeId }, signal }),
    staleTime: 30_000,
  });
}

/** What a camera records and keeps. */
export function retentionQuery(api: Client, deviceId: string) {
  return queryOptions<Retention>({
    queryKey: keys.retention(deviceId),
    queryFn: ({ signal }) => api.call('retention.ofDevice', { params: { id: deviceId }, signal }),
    staleTime: 10_000,
  });
}

/** What was recorded of one channel from `fromMs` to `toMs`, and why not the rest. The event stream tells when there is more. */
export function timelineQuery(api: Client, { deviceId, channel, fromMs, toMs }: TimelineRange) {
  return queryOptions<Timeline>({
    queryKey: [...keys.timeline(deviceId, channel, fromMs), toMs],
    queryFn: ({ signal }) => api.call('timeline.get', { params: { id: deviceId }, query: { from: fromMs, to: toMs, channel }, signal }),
    staleTime: 30_000,
  });
}

/** A device may go on recording this long around the last time it was heard of. */
const LAST_BEFORE_MS = 300_000;
const LAST_AFTER_MS = 60_000;

/** What a channel recorded last before `lastSeenAt`; `null` when nothing. */
export function lastSegmentQuery(api: Client, { deviceId, channel, lastSeenAt }: LastSegmentOf) {
  const at = lastSeenAt ?? 0;
  const query = { from: Math.max(0, at - LAST_BEFORE_MS), to: at + LAST_AFTER_MS, channel, limit: PAGE_ITEMS };
  return queryOptions<Segment | null>({
    queryKey: ['last-segment', deviceId, channel, lastSeenAt],
    queryFn: async ({ signal }) => (await api.call('segment.list', { params: { id: deviceId }, query, signal })).items.at(-1) ?? null,
    staleTime: 60_000,
  });
}

export interface LastSegmentOf {
  readonly deviceId: string;
  readonly channel: number;
  readonly lastSeenAt: number | null;
}

/** Alarms of a device from `fromMs` on, newest first, at most 200. The event stream tells when there are others. */
export function todaysAlarmsQuery(api: Client, { deviceId, fromMs }: { readonly deviceId: string; readonly fromMs: number }) {
  return queryOptions<readonly HomeEvent[]>({
    queryKey: keys.alarms(deviceId, fromMs),
    queryFn: async ({ signal }) =>
      (await api.call('event.list', { query: { deviceId, kind: 'alarm', from: fromMs, limit: PAGE_ITEMS }, signal })).items,
    staleTime: 60_000,
  });
}

export interface TimelineRange {
  readonly deviceId: string;
  readonly channel: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Who belongs to a home, and who is invited. */
export function membersQuery(api: Client, homeId: string) {
  return queryOptions<readonly Member[]>({
    queryKey: keys.members(homeId),
    queryFn: async ({ signal }) => (await api.call('member.list', { params: { id: homeId }, signal })).items,
  });
}

/** Links that still work. */
export function sharesQuery(api: Client) {
  return queryOptions<readonly Share[]>({
    queryKey: keys.shares,
    queryFn: async ({ signal }) => (await api.call('share.list', { signal })).items,
  });
}

/** Whether this platform still waits for its owner. */
export function setupQuery(api: Client) {
  return queryOptions({ queryKey: ['setup'], queryFn: ({ signal }) => api.call('setup.get', { signal }) });
}

/** How one can log in here besides the password. */
export function methodsQuery(api: Client) {
  return queryOptions<LoginMethods>({
    queryKey: ['login-methods'],
    queryFn: ({ signal }) => api.call('session.methods', { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** Accounts at the provider with which the user logs in. */
export function identitiesQuery(api: Client) {
  return queryOptions<readonly Identity[]>({
    queryKey: keys.identities,
    queryFn: async ({ signal }) => (await api.call('identity.list', { signal })).items,
  });
}

/** How the platform does; `null` for whoever does not run it. */
export function platformQuery(api: Client) {
  return queryOptions<PlatformState | null>({
    queryKey: ['platform'],
    queryFn: ({ signal }) =>
      api.call('platform.get', { signal }).catch((error: unknown) => {
        if (error instanceof ApiProblem && error.status === 403) return null;
        throw error;
      }),
  });
}

/** Keys with which the user logs in. */
export function passkeysQuery(api: Client) {
  return queryOptions<readonly Passkey[]>({
    queryKey: keys.passkeys,
    queryFn: async ({ signal }) => (await api.call('passkey.list', { signal })).items,
  });
}

/** Credentials for programs. */
export function tokensQuery(api: Client) {
  return queryOptions<readonly ApiToken[]>({
    queryKey: keys.tokens,
    queryFn: async ({ signal }) => (await api.call('token.list', { signal })).items,
  });
}

export function useDevices() {
  return useQuery(devicesQuery(useApp().api));
}

/** One device of the list; `undefined` while it is read and when there is none of this id. */
export function useDevice(id: string) {
  const { data, ...query } = useQuery(devicesQuery(useApp().api));
  return { ...query, device: data?.find((candidate) => candidate.id === id) };
}

/** Forgets everything that belongs to whoever was logged in. */
export function forgetUser(queries: QueryClient): void {
  queries.setQueryData(keys.me, null);
  queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== keys.me[0] });
}
