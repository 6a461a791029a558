import type { ApiTokens } from '../ports.ts';
import type { RouteHandlers } from '../route-call.ts';

/** Credentials for programs. */
export function createTokenHandlers({
  apiTokens,
}: {
  readonly apiTokens: ApiTokens;
}): Pick<RouteHandlers, 'token.create' | 'token.list' | 'token.delete'> {
  return {
    'token.create': async ({ visitor, body }) => await apiTokens.create(visitor, body),
    'token.list': async ({ visitor }) => ({ items: [...(await apiTokens.list(visitor))] }),
    'token.delete': async ({ visitor, params }) => await apiTokens.remove(visitor, params.id),
  };
}
