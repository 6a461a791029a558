import type { ShareService } from '../ports.ts';
import type { RouteHandlers } from '../route-call.ts';

/** Links for people without a login. */
export function createShareHandlers({
  shares,
}: {
  readonly shares: ShareService;
}): Pick<RouteHandlers, 'share.create' | 'share.list' | 'share.delete' | 'share.views'> {
  return {
    'share.create': async ({ visitor, body }) => await shares.create(visitor.principal, body),
    'share.list': async ({ visitor, query }) => ({ items: [...(await shares.list(visitor.principal, query))] }),
    'share.delete': async ({ proof, params }) => await shares.remove(proof, params.id),
    'share.views': async ({ proof, params }) => ({ items: [...(await shares.views(proof, params.id))] }),
  };
}
