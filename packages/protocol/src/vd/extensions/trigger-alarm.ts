import { Type } from 'typebox';
import { defineRpc } from '../../message.ts';
import { AlarmType } from '../../model/alarm-type.ts';
import { Channel } from '../../model/channel.ts';
import { described } from '../../model/described.ts';
import { Ulid } from '../../model/ulid.ts';
import { queueMs } from '../../timers.ts';

/** The device raises an alarm as if it had sensed it: for tests, and for one camera that follows another. */
export const triggerAlarm = defineRpc({
  method: 'alarm.trigger',
  sender: 'platform',
  description: 'Makes the device raise an alarm as if it had sensed it, with pictures and recording.',
  delivery: 'awake',
  queueMs: queueMs.other,
  provenance: { clause: '9.3.2.2', item: 'extension', status: 'project-choice' },
  params: Type.Object({
    channel: Channel,
    alarmType: AlarmType,
    durationSec: Type.Optional(Type.Number({ minimum: 0, maximum: 3_600, description: 'from start to stop; absent: a pulse' })),
    text: Type.Optional(Type.String({ maxLength: 1_024, description: 'for people' })),
  }),
  result: Type.Object({ eventId: described(Ulid, 'of the alarm it raises') }),
  errors: ['CHANNEL_NOT_FOUND', 'NOT_SUPPORTED', 'PRIVACY_MODE'],
  examples: [
    {
      title: 'does the alarm reach the telephone?',
      params: { channel: 1, alarmType: 'motion', durationSec: 10, text: 'test' },
      result: { eventId: '01KDVBV2Q2T4W6Y8B0D1F3H5K7' },
    },
  ],
});
