import { type Client, createClient } from '@cardea/api';
import type { CardeaProcess } from './cardea-process.ts';

/** The first owner of a platform that was started as a process. */
export interface Owner {
  readonly url: string;
  readonly token: string;
  readonly homeId: string;
  readonly client: Client;
}

/** Follows the set-up link the platform printed, as a new user would. */
export async function setUpOwner(platform: CardeaProcess): Promise<Owner> {
  const [, link = ''] = await platform.printed(/^Set-up link: (.+)$/);
  const [, url = ''] = await platform.printed(/^Cardea is ready at (.+)$/);
  const setupToken = new URL(link).searchParams.get('token') ?? '';
  const body = { setupToken, email: 'owner@example.org', password: 'correct horse battery', name: 'Owner' };
  const { token } = await createClient({ baseUrl: url }).call('setup.create', { body });
  return await ownerAt(url, token);
}

/** The same owner after the platform came back, maybe elsewhere. */
export async function ownerAt(url: string, token: string): Promise<Owner> {
  const client = createClient({ baseUrl: url, token });
  const { items } = await client.call('home.list');
  const [home] = items;
  if (home === undefined) throw new Error('the owner has no home');
  return { url, token, homeId: home.id, client };
}
