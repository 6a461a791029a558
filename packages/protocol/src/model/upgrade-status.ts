import { type Static, Type } from 'typebox';
import { described } from './described.ts';
import { Failure } from './failure.ts';
import { FwState } from './fw-state.ts';
import { Instant } from './instant.ts';
import { Ulid } from './ulid.ts';

/** Members that tell how far an upgrade is; shared by `firmware.getStatus` and `firmware.changed`. */
export const upgradeStatusFields = {
  taskId: Type.Optional(described(Ulid, 'absent when no upgrade ever ran')),
  state: FwState,
  progressPct: Type.Number({ minimum: 0, maximum: 100, description: 'progress of the present state' }),
  currentVersion: Type.String({ maxLength: 128, description: 'running version' }),
  targetVersion: Type.Optional(Type.String({ maxLength: 128, description: 'version being installed' })),
  error: Type.Optional(Failure),
  updatedAt: described(Instant, 'when this last changed'),
};

export const UpgradeStatus = Type.Object(upgradeStatusFields);
export type UpgradeStatus = Static<typeof UpgradeStatus>;
