import type { BindingCodes, Homes } from '../ports.ts';
import type { RouteHandlers } from '../route-call.ts';

type HomeRoute = 'home.list' | 'home.create' | 'home.get' | 'home.update' | 'home.delete' | 'bindingCode.create';

/** Homes, and the codes with which devices join them. */
export function createHomeHandlers({
  homes,
  bindingCodes,
}: {
  readonly homes: Homes;
  readonly bindingCodes: BindingCodes;
}): Pick<RouteHandlers, HomeRoute> {
  return {
    'home.list': async ({ visitor }) => ({ items: [...(await homes.list(visitor.principal))] }),
    'home.create': async ({ visitor, body }) => await homes.create(visitor.principal.userId, body),
    'home.get': async ({ proof }) => await homes.get(proof),
    'home.update': async ({ proof, body }) => await homes.update(proof, body),
    'home.delete': async ({ proof }) => await homes.remove(proof),
    'bindingCode.create': async ({ proof }) => await bindingCodes.createCode(proof),
  };
}
