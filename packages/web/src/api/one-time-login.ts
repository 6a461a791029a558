import type { Client } from '@cardea/api';

/** How a login link went; `none` when the address was no login link. */
export type LinkLogin = 'none' | 'done' | 'failed';

/** The token of a login link in the fragment of an address, `#login=TOKEN`. */
export function loginTokenIn(hash: string): string | undefined {
  const token = new URLSearchParams(hash.replace(/^#/, '')).get('login');
  return token === null || token === '' ? undefined : token;
}

/** Logs in with the link that opened the page, and takes its token out of the address and the history. */
export async function logInFromLink(api: Client): Promise<LinkLogin> {
  const token = loginTokenIn(location.hash);
  if (token === undefined) return 'none';
  history.replaceState(history.state, '', location.pathname + location.search);
  return await api.call('session.createOnce', { body: { token } }).then(
    () => 'done',
    () => 'failed',
  );
}
