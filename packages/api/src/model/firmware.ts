import { DeviceId, Failure, Instant, Sha256Hex } from '@cardea/protocol';
import { type Static, Type } from 'typebox';

export const FirmwareId = Type.String({ minLength: 1, maxLength: 64, description: 'firmware of the catalogue' });
export const CampaignId = Type.String({ minLength: 1, maxLength: 64, description: 'campaign' });

const model = Type.String({ minLength: 1, maxLength: 128, description: 'model of the devices it is for' });
const version = Type.String({ minLength: 1, maxLength: 64, description: 'version of the image' });

/** What is told about an image when it is uploaded; the bytes are the body. */
export const FirmwareClaim = Type.Object({
  model,
  version,
  signature: Type.String({
    minLength: 1,
    maxLength: 1_024,
    pattern: '^[A-Za-z0-9+/_-]+={0,2}$',
    description: 'Ed25519 signature of the maker over the raw bytes, base64; devices check it',
  }),
  homeId: Type.Optional(
    Type.String({ minLength: 1, maxLength: 64, description: 'home that keeps it; absent: the first the user manages' }),
  ),
});
export type FirmwareClaim = Static<typeof FirmwareClaim>;

/** A signed image in the catalogue. */
export const Firmware = Type.Object({
  id: Type.String(),
  homeId: Type.String({ description: 'home that keeps it' }),
  model,
  version,
  sizeBytes: Type.Integer({ minimum: 1 }),
  sha256: Sha256Hex,
  createdAt: Instant,
});
export type Firmware = Static<typeof Firmware>;

export const UpgradeState = Type.Enum(
  [
    'pending',
    'accepted',
    'scheduled',
    'downloading',
    'downloaded',
    'installing',
    'rebooting',
    'checking',
    'succeeded',
    'failed',
    'rolledBack',
    'cancelled',
    'lost',
    'skipped',
  ] as const,
  {
    description:
      'state of the upgrade of one device; `pending` until it is asked, `checking` when it came back and has to prove itself, `lost` when it fell silent, `skipped` when it could not be asked or refused for a reason of its own',
  },
);
export type UpgradeState = Static<typeof UpgradeState>;

export const CampaignRequest = Type.Object({
  firmwareId: FirmwareId,
  deviceIds: Type.Optional(
    Type.Array(DeviceId, { minItems: 1, maxItems: 10_000, description: 'absent: every device of the model that the user manages' }),
  ),
  canary: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000, default: 1, description: 'devices that go first, alone' })),
  waves: Type.Optional(
    Type.Array(Type.Number({ exclusiveMinimum: 0, maximum: 100 }), {
      minItems: 1,
      maxItems: 20,
      default: [10, 50, 100],
      description: 'share of the other devices that has been reached after each wave, in %; rises, and ends at 100',
    }),
  ),
  haltAtFailurePct: Type.Optional(
    Type.Number({
      exclusiveMinimum: 0,
      maximum: 100,
      default: 3,
      description: 'share of failures in one wave, in %, that halts the campaign',
    }),
  ),
});
export type CampaignRequest = Static<typeof CampaignRequest>;

/** A roll-out in waves. */
export const Campaign = Type.Object({
  id: Type.String(),
  firmwareId: Type.String(),
  model,
  version,
  state: Type.Enum(['running', 'halted', 'done'] as const, {
    description: '`halted` when a wave failed too often or somebody stopped it; the rest is left alone',
  }),
  wave: Type.Integer({ minimum: 0, description: 'present wave; 0 is the canary' }),
  haltAtFailurePct: Type.Number(),
  createdAt: Instant,
  endedAt: Type.Optional(Instant),
  waves: Type.Array(
    Type.Object({
      devices: Type.Integer(),
      open: Type.Integer(),
      succeeded: Type.Integer(),
      failed: Type.Integer(),
      skipped: Type.Integer(),
    }),
    { description: 'how many devices of each wave are in which state; the first is the canary' },
  ),
  devices: Type.Array(
    Type.Object({
      deviceId: DeviceId,
      taskId: Type.String(),
      wave: Type.Integer({ minimum: 0 }),
      state: UpgradeState,
      progressPct: Type.Number({ minimum: 0, maximum: 100 }),
      error: Type.Optional(Failure),
    }),
    { description: 'those of them the user manages' },
  ),
});
export type Campaign = Static<typeof Campaign>;
