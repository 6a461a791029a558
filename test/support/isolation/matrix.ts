import { once } from 'node:events';
import { request } from 'node:http';
import { API_PATH, type Route } from '@cardea/api';
import {
  absent,
  actionOf,
  bodies,
  type GuardedKind,
  guarded,
  malformed,
  type Objects,
  openKinds,
  pathOf,
  table,
} from '../../../packages/platform/src/testing/route-rows.ts';
import { media, ofShares, sockets } from '../../../packages/platform/src/testing/served-addresses.ts';
import type { MarkedCamera } from './marked-camera.ts';
import { nameOf, namesIn } from './marked-pictures.ts';
import type { Principal } from './principals.ts';

/** One thing somebody may not do, or may look at, and what the answer has to be. */
export interface Cell {
  /** For the report of a hole. */
  readonly name: string;
  readonly principal: Principal;
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly statuses: readonly number[];
  readonly isSocket?: boolean;
  /** Refusals of the same name have to be the same, byte for byte. */
  readonly alike?: string;
}

export interface MatrixGround {
  readonly principals: readonly Principal[];
  /** Of every home. */
  readonly cameras: readonly MarkedCamera[];
  /** Of a camera that was deleted, and of a home. */
  readonly deleted: Objects;
  /** A user who belongs to the home of the cameras. */
  readonly userId: string;
  readonly liveSession: string;
  /** The principal whose it is. */
  readonly liveSessionOf: string;
}

interface Target {
  readonly name: string;
  readonly ids: Objects;
  readonly camera?: MarkedCamera;
}

type Answer = { readonly status: number; readonly body: Uint8Array };

const PATIENCE_MS = 10_000;
const refusals = [401, 403, 404, 426];
const deviceRoutes = [
  ['POST', (id: string) => `/vr/v1/segments/${id}/confirm`],
  ['POST', (id: string) => `/vr/v1/segments/${id}/cancel`],
  ['PUT', (id: string) => `/vr/v1/uploads/${id}`],
  ['PUT', (id: string) => `/vr/v1/objects/${id}`],
  ['GET', (id: string) => `/vr/v1/firmware/${id}`],
] as const;

/**
 * Every cell: each principal on each route, media address and socket, for objects of every camera, deleted ones and what is no id.
 * @param round of what is no id there is another each time
 */
export function cellsOf(ground: MatrixGround, round: number): readonly Cell[] {
  const noId = malformed[round % malformed.length] ?? '';
  const targets: readonly Target[] = [
    ...ground.cameras.map((camera) => ({ name: nameOf(camera.mark), camera, ids: idsOf(camera, ground) })),
    { name: 'deleted', ids: ground.deleted },
    { name: noId.slice(0, 20), ids: sameFor(noId) },
  ];
  return ground.principals.flatMap((principal) => [
    ...guarded.flatMap((route) => targets.flatMap((target) => guardedCell(principal, route, target, ground))),
    ...table.filter(isOfUsers).flatMap((route) => ofUsersCell(principal, route, ground)),
    ...ground.cameras.flatMap(({ camera, ...rest }) => namedInCells(principal, { camera, ...rest })),
    ...targets
      .slice(0, ground.cameras.length + 2)
      .flatMap((target) => [...mediaCells(principal, target), ...deviceCells(principal, target)]),
    ...shareCells(principal),
  ]);
}

/** Asks and tells what is wrong with the answer, nothing when all is well. @throws Error when none came, or none that says anything */
export async function probe(
  cell: Cell,
  url: string,
  { cameras }: Pick<MatrixGround, 'cameras'>,
  seen: Map<string, string>,
): Promise<readonly string[]> {
  const { status, body } = cell.isSocket === true ? await upgrade(cell, url) : await ask(cell, url);
  if (status >= 500 || status === 429) throw new Error(`status ${status}`);
  const faults: string[] = [];
  const text = Buffer.from(body).toString('latin1');
  if (!cell.statuses.includes(status)) faults.push(`answered ${status} ${text.slice(0, 200)}`);
  const hidden = cameras.filter((camera) => cell.principal.may(camera).length === 0);
  for (const { mark, camera, segmentId, eventId, homeId } of hidden) {
    const isForeign = cell.principal.may({ homeId }).length === 0;
    const ids = [camera.device.id, segmentId, eventId, ...(isForeign ? [homeId] : [])];
    if (namesIn(body).has(nameOf(mark)) || ids.some((id) => text.includes(id)))
      faults.push(`tells of ${nameOf(mark)}: ${text.slice(0, 200)}`);
  }
  if (cell.alike !== undefined && status === 404) {
    const first = seen.get(cell.alike) ?? text;
    seen.set(cell.alike, first);
    if (first !== text) faults.push(`is not refused as others are: ${text.slice(0, 200)}`);
  }
  return faults;
}

function idsOf(camera: MarkedCamera, { liveSession }: MatrixGround): Objects {
  const { eventId: event, homeId, logId: deviceLog, segmentId: segment, shareId: share } = camera;
  const device = camera.camera.device.id;
  return { home: homeId, membership: homeId, device, command: device, segment, event, deviceLog, share, liveSession };
}

function sameFor(id: string): Objects {
  return { home: id, membership: id, device: id, command: id, segment: id, event: id, deviceLog: id, share: id, liveSession: id };
}

const isOfUsers = ({ access }: Route): boolean => !openKinds.includes(access.kind) && !guarded.some((route) => route.access === access);
/** What only looks. The stream of events never ends by itself. */
const isLook = ({ id, method }: Route): boolean => method === 'GET' && id !== 'eventStream.open';

/** Nothing for what the principal may do and what changes something: the storm would not last. */
function guardedCell(
  principal: Principal,
  route: Route,
  { camera, ids, name }: Target,
  { liveSessionOf, userId }: MatrixGround,
): readonly Cell[] {
  const kind = route.access.kind as GuardedKind;
  const isOfHome = kind === 'home' || kind === 'membership';
  const action = actionOf(route.access);
  const held = camera === undefined ? [] : principal.may(isOfHome ? { homeId: camera.homeId } : camera);
  const isAllowed = action === undefined ? principal.name === liveSessionOf : held.includes(action);
  if (isAllowed && !isLook(route)) return [];
  const refusal = action === undefined || held.length === 0 ? 404 : 403;
  const path = API_PATH + pathOf(route, { objectId: ids[kind], userId }).replace('{snapshotId}', camera?.snapshotId ?? absent.segment);
  return [
    {
      ...cellOf(principal, `${route.id} of ${name}`, { method: route.method, path }),
      ...bodyOf(route),
      statuses: principal.isUser ? (isAllowed ? [route.success] : [refusal]) : [401],
      alike: `${principal.name} ${route.id}`,
    },
  ];
}

function ofUsersCell(principal: Principal, route: Route, { userId }: MatrixGround): readonly Cell[] {
  const isAllowed = route.access.kind !== 'operator' || principal.isOperator === true;
  if (principal.isUser && isAllowed && !isLook(route)) return [];
  const path = API_PATH + pathOf(route, { objectId: absent.segment, userId });
  const statuses = principal.isUser ? (isAllowed ? [route.success, 404] : [403]) : [401];
  return [{ ...cellOf(principal, route.id, { method: route.method, path }), ...bodyOf(route), statuses }];
}

/** Objects that are named elsewhere than in the path. */
function namedInCells(principal: Principal, camera: MarkedCamera): readonly Cell[] {
  const deviceId = camera.camera.device.id;
  const may = principal.may(camera);
  const cell = (name: string, method: string, path: string, rest: Pick<Cell, 'statuses'> & Partial<Cell>): Cell => ({
    ...cellOf(principal, `${name} of ${nameOf(camera.mark)}`, { method, path: API_PATH + path }),
    ...rest,
  });
  const refused = may.length === 0 ? 404 : 403;
  const json = { 'content-type': 'application/json' };
  const share = { body: JSON.stringify({ kind: 'live', deviceId }), statuses: principal.isUser ? [refused] : [401] };
  const { token } = principal;
  const headers = { ...json, ...(token !== undefined && { authorization: `Bearer ${token}` }) };
  return [
    ...(may.includes('share') ? [] : [cell('share.create', 'POST', '/shares', { ...share, headers })]),
    cell('event.list', 'GET', `/events?deviceId=${deviceId}`, {
      statuses: principal.isUser ? [may.includes('view.events') ? 200 : refused] : [401],
    }),
    ...['devices', 'events', 'audit', 'shares'].map((list) =>
      cell(list, 'GET', `/${list}?homeId=${camera.homeId}`, { statuses: principal.isUser ? [200] : [401] }),
    ),
  ];
}

function mediaCells(principal: Principal, { camera, ids, name }: Target): readonly Cell[] {
  const may = camera === undefined ? [] : principal.may(camera);
  const isHidden = may.length === 0;
  const pages = Object.entries(media).flatMap(([path, address]) => {
    const action = path.startsWith('/vod/') ? 'view.recordings' : 'view.live';
    if (may.includes(action)) return [];
    const statuses = principal.isUser ? [isHidden ? 404 : 403] : [401];
    return [
      {
        ...cellOf(principal, `${path} of ${name}`, { method: 'GET', path: address(ids.device) }),
        statuses,
        alike: `${principal.name} ${path}`,
      },
    ];
  });
  const streams = sockets
    .map(({ address }) => address(ids.device))
    .filter((path) => !(path.startsWith('/live/') && may.includes('view.live')))
    // It is let in where it belongs, and would displace itself.
    .filter((path) => !(path.startsWith('/vd/') && principal.name === 'device itself'))
    .map((path) => ({ ...cellOf(principal, `socket ${path}`, { method: 'GET', path }), statuses: refusals, isSocket: true }));
  return [...pages, ...streams];
}

/** What is for devices, for everybody but the one it is for. */
function deviceCells(principal: Principal, { ids, name }: Target): readonly Cell[] {
  if (principal.name.endsWith('the device') || principal.name === 'device itself') return [];
  return deviceRoutes.map(([method, pathOfId]) => ({
    ...cellOf(principal, `${method} ${pathOfId('')} of ${name}`, { method, path: pathOfId(ids.segment) }),
    ...(method === 'POST' && { body: '{}' }),
    // Before or after who asks, what was sent is looked at.
    statuses: [400, ...refusals],
  }));
}

function shareCells(principal: Principal): readonly Cell[] {
  const { sharePath } = principal;
  if (sharePath === undefined) return [];
  return ofShares.map((path) => ({
    ...cellOf(principal, path, {
      method: path.endsWith('/unlock') ? 'POST' : 'GET',
      path: path.replace('/s/:token', sharePath).replace(':output', 'index.m3u8').replace(':number', '1'),
    }),
    ...(path.endsWith('/unlock') && { body: '{"passcode":"1234"}' }),
    statuses: [404],
  }));
}

function cellOf(principal: Principal, name: string, { method, path }: Pick<Cell, 'method' | 'path'>): Omit<Cell, 'statuses'> {
  const { token } = principal;
  const headers = {
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(method !== 'GET' && method !== 'DELETE' && { 'content-type': 'application/json' }),
  };
  return { name: `${principal.name}: ${name}`, principal, method, path, headers };
}

function bodyOf(route: Route): { readonly body?: string } {
  const body = bodies[route.id];
  return body === undefined ? {} : { body: JSON.stringify(body) };
}

async function ask({ body, headers, method, path }: Cell, url: string): Promise<Answer> {
  const response = await fetch(url + path, {
    ...{ method, headers, redirect: 'manual', signal: AbortSignal.timeout(PATIENCE_MS) },
    ...(body !== undefined && { body }),
  });
  return { status: response.status, body: await response.bytes() };
}

async function upgrade({ headers, path }: Cell, url: string): Promise<Answer> {
  const key = Buffer.from('0123456789abcdef').toString('base64');
  const asked = request(url + path, {
    headers: { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': key, ...headers },
    timeout: PATIENCE_MS,
  });
  asked.end();
  try {
    const [response] = await Promise.race([once(asked, 'response'), once(asked, 'upgrade')]);
    return { status: response.statusCode, body: new Uint8Array() };
  } finally {
    asked.destroy();
  }
}
