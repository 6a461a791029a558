import { Type } from 'typebox';
import { defineRpc } from '../message.ts';
import { described } from '../model/described.ts';
import { Instant } from '../model/instant.ts';
import { queueMs, sleepTimers } from '../timers.ts';

/** I.2.26: asks a battery device not to sleep. Extends, never shortens; on mains it succeeds and does nothing. */
export const keepAwake = defineRpc({
  method: 'power.keepAwake',
  sender: 'platform',
  description:
    'Asks a device that would sleep to stay awake for some time from now. It never shortens an earlier grant; the device may grant less, but at least 10 s.',
  delivery: 'awake',
  queueMs: queueMs.other,
  provenance: { clause: '9.3.2.2', item: 'I.2.26', status: 'title-only' },
  params: Type.Object({
    durationSec: Type.Optional(
      Type.Number({ minimum: 1, maximum: sleepTimers.keepAwakeMaxSec, default: sleepTimers.keepAwakeDefaultSec, description: 'how long' }),
    ),
    reason: Type.Enum(['live', 'playback', 'upgrade', 'config', 'download'] as const, { description: 'what for' }),
  }),
  result: Type.Object({
    awakeUntil: described(Instant, 'it does not sleep before'),
    grantedSec: Type.Number({ minimum: 0, description: 'how long from now' }),
  }),
  errors: ['LOW_BATTERY'],
  examples: [
    {
      title: 'somebody watches',
      params: { durationSec: 30, reason: 'live' },
      result: { awakeUntil: 1_767_225_630_000, grantedSec: 30 },
    },
  ],
});
