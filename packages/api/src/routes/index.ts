import type { RouteId } from '../addresses.ts';
import { deviceRoutes } from './devices.ts';
import { eventRoutes } from './events.ts';
import { firmwareRoutes } from './firmware.ts';
import { homeRoutes } from './homes.ts';
import { memberRoutes } from './members.ts';
import { passkeyRoutes } from './passkeys.ts';
import { platformRoutes } from './platform.ts';
import { providerRoutes } from './providers.ts';
import { recipientKeyRoutes } from './recipient-keys.ts';
import { recordRoutes } from './records.ts';
import { retentionRoutes } from './retention.ts';
import { segmentRoutes } from './segments.ts';
import { sessionRoutes } from './sessions.ts';
import { setupRoutes } from './setup.ts';
import { shareRoutes } from './shares.ts';
import { snapshotRoutes } from './snapshots.ts';
import { tokenRoutes } from './tokens.ts';

/** The user API: every operation, in the order of the documentation. */
export const routes = [
  ...setupRoutes,
  ...sessionRoutes,
  ...passkeyRoutes,
  ...providerRoutes,
  ...platformRoutes,
  ...tokenRoutes,
  ...homeRoutes,
  ...memberRoutes,
  ...recipientKeyRoutes,
  ...deviceRoutes,
  ...segmentRoutes,
  ...retentionRoutes,
  ...snapshotRoutes,
  ...eventRoutes,
  ...shareRoutes,
  ...recordRoutes,
  ...firmwareRoutes,
] as const;

type AnyRoute = (typeof routes)[number];

/** The definition with a given id. */
export type RouteOf<I extends RouteId> = Extract<AnyRoute, { readonly id: I }>;
