import { Channel, DeviceId, Instant, Sha256Hex } from '@cardea/protocol';
import { type Static, Type } from 'typebox';

export const SnapshotId = Type.String({ minLength: 1, maxLength: 64, description: 'still picture' });

/** A still picture a device sent, of an alarm or on demand. */
export const Snapshot = Type.Object({
  id: Type.String(),
  deviceId: DeviceId,
  homeId: Type.String(),
  channel: Channel,
  storedAt: Instant,
  width: Type.Integer({ minimum: 0, description: 'pixels' }),
  height: Type.Integer({ minimum: 0, description: 'pixels' }),
  sizeBytes: Type.Integer({ minimum: 0 }),
  sha256: Sha256Hex,
  url: Type.String({ description: 'where the JPEG is' }),
  eventId: Type.Optional(Type.String({ description: 'the alarm it shows, as the device called it' })),
  taskId: Type.Optional(Type.String({ description: 'the `snapshot.capture` it answers' })),
});
export type Snapshot = Static<typeof Snapshot>;
