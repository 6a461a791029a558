import { type Access, type Action, type Route, type RouteId, routes } from '@cardea/api';

/** The table of routes as tests of who may do what go through it. */
export const table: readonly Route[] = routes;

/** Kinds that ask for no login. */
export const openKinds: readonly Access['kind'][] = ['public', 'anyone'];
const ofNoHome: readonly Access['kind'][] = [...openKinds, 'user', 'login', 'operator'];

/** Routes that act on an object of somebody's home. */
export const guarded = table.filter(({ access }) => !ofNoHome.includes(access.kind));
export type GuardedKind = Exclude<Access['kind'], 'public' | 'anyone' | 'user' | 'login' | 'operator'>;

/** The id of one object of each kind. */
export type Objects = Readonly<Record<GuardedKind, string>>;

/** Ids that nothing has. */
export const absent: Objects = {
  home: '01KDVAEZ8T0000000000000000',
  share: '01KDVAEZ8T0000000000000000',
  membership: '01KDVAEZ8T0000000000000000',
  device: '00000000000000000000000000',
  command: '00000000000000000000000000',
  segment: '01KDVAEZ8T0000000000000000',
  event: '01KDVAEZ8T0000000000000000',
  deviceLog: '01KDVAEZ8T0000000000000000',
  liveSession: '01KDVAEZ8T0000000000000000',
};

/** What is no id. */
export const malformed = ['%00', 'null', '-1', "'%20OR%201=1--", '..%2F..%2Fme', 'x'.repeat(200)];

/** What the owner of a home alone may do, logged in, and nobody else who looks after it. */
export const ofOwner: readonly RouteId[] = ['support.create'];

/** A body that each route takes. */
export const bodies: { readonly [I in RouteId]?: object } = {
  'setup.create': { setupToken: 'x', email: 'x@example.org', password: 'password123', name: 'X' },
  'session.create': { email: 'x@example.org', password: 'wrong password' },
  'session.createOnce': { token: 'x' },
  'secondFactor.begin': { password: 'correct horse battery' },
  'secondFactor.confirm': { code: '000000' },
  'secondFactor.end': { password: 'correct horse battery' },
  'session.createWithPasskey': {
    ...{ id: 'AAAA', rawId: 'AAAA', type: 'public-key', clientExtensionResults: {} },
    response: { clientDataJSON: 'AAAA', authenticatorData: 'AAAA', signature: 'AAAA' },
  },
  'passkey.create': {
    name: 'Phone',
    credential: {
      ...{ id: 'AAAA', rawId: 'AAAA', type: 'public-key', clientExtensionResults: {} },
      response: { clientDataJSON: 'AAAA', attestationObject: 'AAAA' },
    },
  },
  'passkey.update': { name: 'Phone' },
  'session.createWithProvider': { query: '?code=x&state=y' },
  'identity.create': { query: '?code=x&state=y' },
  'me.update': {},
  'home.create': { name: 'Second', timezone: 'UTC' },
  'home.update': { name: 'Renamed' },
  'member.invite': { email: 'new@example.org', role: { actions: ['manage'], devices: ['*'] } },
  'member.update': {},
  'support.create': { email: 'helper@example.org', actions: ['view.live'], devices: ['*'], hours: 1, reason: 'No picture' },
  'recipientKey.add': { publicKey: 'B6N8vBQgk8i3VdwbEOhstCY3StFqqFPtC9_AsrhtHHw', name: 'Phone' },
  'invitation.show': { inviteToken: 'x' },
  'invitation.accept': { inviteToken: 'x' },
  'token.create': { name: 'Script', actions: ['view.live'], devices: ['*'] },
  'bindingCode.create': {},
  'device.update': { name: 'Renamed' },
  'device.command': { channel: 1, action: 'stop' },
  'live.create': { channel: 1, stream: 'main' },
  'playback.create': { channel: 1, startAt: 1 },
  'vod.create': { channel: 1, from: 1, to: 2 },
  'retention.changeHome': { days: 7 },
  'retention.changeDevice': { days: 7 },
  'talk.create': { channel: 1 },
  'segment.update': { locked: true },
  'event.update': { reviewed: true },
  'campaign.create': { firmwareId: 'F' },
};

/** What somebody has to be allowed to do; `undefined` where the object is theirs or not there. */
export function actionOf(access: Access): Action | undefined {
  if (access.kind === 'command') return 'control';
  return 'action' in access ? access.action : undefined;
}

/** Path of a route below the API; `userId` is whom a route about members acts on. */
export function pathOf({ path }: Route, { objectId, userId }: { readonly objectId: string; readonly userId: string }): string {
  return path
    .replace(/\{(id|sessionId)\}/, objectId)
    .replace('{userId}', userId)
    .replace('{method}', 'ptz.control')
    .replace('{number}', '1');
}
