import { Type } from 'typebox';
import { defineRpc } from '../message.ts';
import { described } from '../model/described.ts';
import { Instant } from '../model/instant.ts';
import { PosixTimeZone, TimeSource, TimeZone } from '../model/time-source.ts';

/** I.2.10: four instants give the offset of the device clock and the delay of the way. */
export const queryDeviceTime = defineRpc({
  method: 'time.get',
  sender: 'platform',
  description: 'Reads the clock of the device. With the time of receipt the four instants give offset and delay.',
  delivery: 'online',
  unbound: true,
  provenance: { clause: '9.3.2.2', item: 'I.2.10', status: 'title-only' },
  params: Type.Object({ serverSentAt: described(Instant, 'clock of the platform when it asked') }),
  result: Type.Object({
    utcAt: described(Instant, 'clock of the device, equal to deviceSentAt'),
    deviceRecvAt: described(Instant, 'clock of the device when the question came'),
    deviceSentAt: described(Instant, 'clock of the device when the answer left; not before deviceRecvAt'),
    monotonicMs: Type.Number({ minimum: 0, description: 'a clock of the device that never jumps' }),
    timezone: TimeZone,
    posixTz: Type.Optional(PosixTimeZone),
    source: TimeSource,
    synchronized: Type.Boolean({ description: 'the clock was set since the start' }),
  }),
  errors: [],
  examples: [
    {
      title: 'a clock that follows a time server',
      params: { serverSentAt: 1_767_225_600_000 },
      result: {
        utcAt: 1_767_225_600_019,
        deviceRecvAt: 1_767_225_600_018,
        deviceSentAt: 1_767_225_600_019,
        monotonicMs: 86_412_005,
        timezone: 'Europe/Berlin',
        source: 'ntp',
        synchronized: true,
      },
    },
  ],
});
