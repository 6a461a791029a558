import type { RecipientKeyService } from '../ports.ts';
import type { RouteHandlers } from '../route-call.ts';

type RecipientKeyRoute = 'recipientKey.list' | 'recipientKey.add' | 'recipientKey.delete';

/** For whom cameras encrypt recordings. */
export function createRecipientKeyHandlers({
  recipientKeys,
}: {
  readonly recipientKeys: RecipientKeyService;
}): Pick<RouteHandlers, RecipientKeyRoute> {
  return {
    'recipientKey.list': async ({ proof }) => ({ items: [...(await recipientKeys.list(proof))] }),
    'recipientKey.add': async ({ proof, body }) => await recipientKeys.add(proof, body),
    'recipientKey.delete': async ({ proof, params }) => await recipientKeys.remove(proof, params.keyId),
  };
}
