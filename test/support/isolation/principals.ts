import { type Action, actions, createClient, type RoleWish, roleActions } from '@cardea/api';
import { eventually } from '../../e2e/eventually.ts';
import type { Owner } from '../../e2e/owner.ts';
import type { LightDevice } from '../light-device.ts';
import type { Household, MarkedCamera } from './marked-camera.ts';

/** Somebody who asks, or something. */
export interface Principal {
  readonly name: string;
  /** Bearer; nobody has none. */
  readonly token?: string;
  /** Whether it is a user's. Anything else is told nothing by the user API. */
  readonly isUser: boolean;
  readonly isOperator?: boolean;
  /** What it may do there; nothing at all where it is to look as if nothing was there. */
  may(what: Pick<MarkedCamera, 'homeId'> & Partial<MarkedCamera>): readonly Action[];
  /** A link of its own that ended. */
  readonly sharePath?: string;
}

export interface Person extends Household {
  readonly userId: string;
  readonly token: string;
}

const nothing = (): readonly Action[] => [];
const PASSWORD = 'correct horse battery';
const SHARE_MS = 500;

/** A new user, by an invitation to somebody's home. */
export async function register(inviting: Household, name: string, role: RoleWish): Promise<Person> {
  const { inviteToken } = await inviting.client.call('member.invite', { params: { id: inviting.homeId }, body: { role } });
  const account = { inviteToken, email: `${name}@example.org`, name, password: PASSWORD };
  const { token, user } = await createClient({ baseUrl: inviting.url }).call('invitation.accept', { body: account });
  return { url: inviting.url, homeId: inviting.homeId, client: createClient({ baseUrl: inviting.url, token }), userId: user.id, token };
}

/** A new user with a home of their own, who has nothing to do any more with whoever invited them. */
export async function registerApart(inviting: Household, name: string): Promise<Person> {
  const person = await register(inviting, name, 'admin');
  const { id: homeId } = await person.client.call('home.create', { body: { name, timezone: 'UTC' } });
  await inviting.client.call('member.delete', { params: { id: inviting.homeId, userId: person.userId } });
  return { ...person, homeId };
}

/**
 * Everybody of the matrix.
 * @param ground the home of `owner` with its cameras, and that of `stranger`
 */
export async function gather(ground: {
  readonly operator: Owner;
  readonly owner: Person;
  readonly stranger: Person;
  /** The one the member may see, and the one the guest may see. */
  readonly shown: MarkedCamera;
  /** In the other home. */
  readonly foreign: MarkedCamera;
}): Promise<readonly Principal[]> {
  const { foreign, operator, owner, shown, stranger } = ground;
  const { id: shownId } = shown.camera.device;
  const permission: readonly Action[] = ['view.live', 'view.recordings', 'view.events'];
  const member = await register(owner, 'member', { actions: [...permission], devices: [shownId] });
  const guest = await register(owner, 'guest', 'guest');
  const former = await register(owner, 'former', 'admin');
  await owner.client.call('member.delete', { params: { id: owner.homeId, userId: former.userId } });
  const ended = await endedShare(owner, shownId);
  const inHome = (ownHomeId: string, given: readonly Action[], deviceId?: string): Principal['may'] => {
    return ({ camera, homeId }) => {
      const isReached = deviceId === undefined || camera === undefined || camera.device.id === deviceId;
      return homeId === ownHomeId && isReached ? given : [];
    };
  };
  const user = (name: string, { token }: Pick<Person, 'token'>, may: Principal['may']): Principal => ({ name, token, isUser: true, may });
  const thing = (name: string, token: string): Principal => ({ name, token, isUser: false, may: nothing });
  return [
    { name: 'nobody', isUser: false, may: nothing },
    user('owner', owner, inHome(owner.homeId, actions)),
    user('member', member, inHome(owner.homeId, permission, shownId)),
    user('guest', guest, inHome(owner.homeId, roleActions.guest)),
    { ...thing('expired share', ended.token), sharePath: ended.path },
    user('former member', former, nothing),
    user('other home', stranger, inHome(stranger.homeId, actions)),
    thing('device itself', accessTokenOf(shown.camera.device)),
    thing('storing half of the device', shown.storingToken),
    thing('other device', accessTokenOf(foreign.camera.device)),
    thing('storing half of another device', foreign.storingToken),
    { ...user('operator', operator, inHome(operator.homeId, actions)), isOperator: true },
  ];
}

async function endedShare({ client, url }: Person, deviceId: string): Promise<{ readonly token: string; readonly path: string }> {
  const body = { kind: 'live', deviceId, expiresAt: Date.now() + SHARE_MS } as const;
  const path = new URL((await client.call('share.create', { body })).url).pathname;
  await eventually('the share is over', async () => ((await fetch(`${url}${path}/about`)).status === 404 ? true : undefined));
  return { path, token: path.replace('/s/', '') };
}

function accessTokenOf({ accessToken = '' }: LightDevice): string {
  if (accessToken === '') throw new Error('the device has no token');
  return accessToken;
}
