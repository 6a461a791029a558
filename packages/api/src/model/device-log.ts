import { DeviceId, Instant, LogType } from '@cardea/protocol';
import { type Static, Type } from 'typebox';

export const DeviceLogId = Type.String({ minLength: 1, maxLength: 64, description: '`taskId` of the `log.upload`' });

/** A log a device was asked for. */
export const DeviceLog = Type.Object({
  id: DeviceLogId,
  deviceId: DeviceId,
  types: Type.Array(LogType, { description: 'what was asked for' }),
  requestedAt: Instant,
  state: Type.Enum(['requested', 'stored', 'failed', 'noLogs', 'cancelled'] as const, {
    description: 'a log that has not come some minutes after its last try counts as `failed`',
  }),
  sizeBytes: Type.Optional(Type.Integer({ minimum: 0, description: 'as uploaded, maybe packed' })),
  error: Type.Optional(Type.Integer({ description: 'code the device gave' })),
});
export type DeviceLog = Static<typeof DeviceLog>;
