import type { StorageService } from '../ports.ts';
import type { RouteHandlers } from '../route-call.ts';

type RetentionRoute = 'storage.get' | 'retention.ofHome' | 'retention.changeHome' | 'retention.ofDevice' | 'retention.changeDevice';

/** What is kept, and how much room that takes. */
export function createRetentionHandlers({ storage }: { readonly storage: StorageService }): Pick<RouteHandlers, RetentionRoute> {
  return {
    'storage.get': async ({ proof }) => await storage.use(proof),
    'retention.ofHome': async ({ proof }) => await storage.ofHome(proof),
    'retention.changeHome': async ({ proof, body }) => await storage.changeHome(proof, body),
    'retention.ofDevice': async ({ proof }) => await storage.ofCamera(proof),
    'retention.changeDevice': async ({ proof, body }) => await storage.changeCamera(proof, body),
  };
}
