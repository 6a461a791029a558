import { BatteryState, CapabilitySet, Channel, DeviceId, Instant, StreamName, TimeSource } from '@cardea/protocol';
import { type Static, Type } from 'typebox';
import { nameOf } from './name.ts';

export const DeviceName = nameOf('name of the device');

/** `suspect`: the connection was lost less than 90 s ago. `asleep`: not connected on purpose, can be woken. */
export const DeviceState = Type.Enum(['online', 'suspect', 'asleep', 'offline'] as const, { description: 'connection of the device' });
export type DeviceState = Static<typeof DeviceState>;

/** A device of a home, as every user with a right on it sees it. */
export const Device = Type.Object({
  id: DeviceId,
  homeId: Type.String(),
  name: Type.String(),
  vendor: Type.String(),
  model: Type.String(),
  serial: Type.String(),
  firmware: Type.String({ description: 'version that runs' }),
  hardware: Type.Optional(Type.String()),
  state: DeviceState,
  disabled: Type.Optional(Type.Boolean({ description: 'true: may not connect until it is enabled' })),
  lastSeenAt: Type.Union([Instant, Type.Null()], { description: 'last message of the device; null before the first' }),
  boundAt: Instant,
  channels: Type.Array(
    Type.Object({ channel: Channel, name: Type.String(), streams: Type.Array(StreamName, { description: 'what can be watched live' }) }),
  ),
  capabilities: Type.Union([CapabilitySet, Type.Null()], { description: 'null until the device was asked' }),
  battery: Type.Optional(BatteryState),
  clock: Type.Optional(
    Type.Object(
      {
        offsetMs: Type.Number({ description: 'positive: the device is ahead' }),
        source: TimeSource,
        measuredAt: Instant,
      },
      { description: 'how far the clock of the device was off when it was last compared' },
    ),
  ),
});
export type Device = Static<typeof Device>;
