import { Type } from 'typebox';
import { defineRpc } from '../message.ts';
import { described } from '../model/described.ts';
import { Instant } from '../model/instant.ts';
import { PosixTimeZone, TimeZone } from '../model/time-source.ts';
import { queueMs } from '../timers.ts';

/** I.2.9: sets clock and time zone. A step above 2 s closes the video segment being recorded first. */
export const setDeviceTime = defineRpc({
  method: 'time.set',
  sender: 'platform',
  description: 'Sets clock and time zone of the device. Before a step of more than 2 s the running recording is cut.',
  delivery: 'awake',
  queueMs: queueMs.other,
  unbound: true,
  provenance: { clause: '9.3.2.2', item: 'I.2.9', status: 'title-only' },
  params: Type.Object({
    utcAt: described(Instant, 'the time now'),
    timezone: Type.Optional(TimeZone),
    posixTz: Type.Optional(PosixTimeZone),
    ntpServers: Type.Optional(Type.Array(Type.String({ maxLength: 253 }), { maxItems: 8, description: 'time servers to follow' })),
    source: Type.Optional(Type.Enum(['platform', 'ntp', 'manual'] as const, { description: 'where the time comes from' })),
  }),
  result: Type.Object({
    appliedAt: described(Instant, 'new clock of the device'),
    stepMs: Type.Number({ description: 'by how much the clock moved; negative means backwards' }),
  }),
  errors: ['VALUE_INVALID'],
  examples: [
    {
      title: 'a device whose clock was 3.2 s slow',
      params: { utcAt: 1_767_225_600_000, timezone: 'Europe/Berlin', source: 'platform' },
      result: { appliedAt: 1_767_225_600_031, stepMs: 3_217 },
    },
  ],
});
