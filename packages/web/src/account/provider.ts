import { ApiProblem, type Client } from '@cardea/api';

/** What the browser goes to the provider for. */
export interface ProviderErrand {
  readonly purpose: 'login' | 'link';
  /** Page to come back to. */
  readonly from: string;
  readonly inviteToken?: string;
}

const KEY = 'cardea-provider';

/** Leaves for the provider; the page it comes back to is `ProviderPage`. @throws ApiProblem, 502 while the provider is away */
export async function goToProvider(api: Client, errand: ProviderErrand): Promise<void> {
  const { url } = await api.call(errand.purpose === 'login' ? 'provider.begin' : 'identity.begin');
  sessionStorage.setItem(KEY, JSON.stringify(errand));
  location.assign(url);
}

/** What the browser went there for; a login when that is not known any more. */
export function errandOf(stored: string | null): ProviderErrand {
  const parsed: unknown = stored === null ? undefined : JSON.parse(stored);
  if (typeof parsed !== 'object' || parsed === null) return { purpose: 'login', from: '/' };
  const from = 'from' in parsed && typeof parsed.from === 'string' && /^\/(?!\/)/.test(parsed.from) ? parsed.from : '/';
  if ('purpose' in parsed && parsed.purpose === 'link') return { purpose: 'link', from };
  const inviteToken = 'inviteToken' in parsed && typeof parsed.inviteToken === 'string' ? { inviteToken: parsed.inviteToken } : {};
  return { purpose: 'login', from, ...inviteToken };
}

export function takeErrand(): ProviderErrand {
  const stored = sessionStorage.getItem(KEY);
  sessionStorage.removeItem(KEY);
  return errandOf(stored);
}

type Reason = 'notAllowed' | 'notLinked' | 'linkFirst' | 'providerAway' | 'over';

/** Why nobody was logged in; `over` when the answer does not belong to a question of this browser. */
export function reasonOf(problem: Error): Reason | undefined {
  if (!(problem instanceof ApiProblem)) return undefined;
  const reason = problem.details?.reason;
  if (reason === 'notAllowed' || reason === 'notLinked' || reason === 'linkFirst' || reason === 'providerAway') return reason;
  return problem.status === 401 ? 'over' : undefined;
}
