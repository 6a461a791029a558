import { Type } from 'typebox';
import { defineRpc } from '../message.ts';
import { described } from '../model/described.ts';
import { Instant } from '../model/instant.ts';
import { RestartMode } from '../model/restart-mode.ts';
import { Ulid } from '../model/ulid.ts';
import { queueMs, rebootTimers } from '../timers.ts';

/** I.2.5: restarts the device. Done when a keep-alive with a new `bootId` and bootReason `reboot` arrives. */
export const rebootDevice = defineRpc({
  method: 'device.reboot',
  sender: 'platform',
  description: 'Restarts the device. The answer comes before the restart; success shows as a new bootId with bootReason reboot.',
  delivery: 'awake',
  queueMs: queueMs.other,
  destructive: true,
  platformFills: ['taskId'],
  provenance: { clause: '9.3.2.2', item: 'I.2.5', status: 'title-only' },
  params: Type.Object({
    taskId: described(Ulid, 'same in a repetition of the request'),
    mode: Type.Optional(RestartMode),
    delaySec: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: rebootTimers.delayMaxSec,
        default: rebootTimers.delayDefaultSec,
        description: 'wait before restarting',
      }),
    ),
    reason: Type.Optional(Type.String({ maxLength: 256, description: 'for the log of the device' })),
  }),
  result: Type.Object({
    accepted: Type.Literal(true, { description: 'it will restart' }),
    rebootAt: described(Instant, 'when it goes down'),
    expectedDownTimeSec: Type.Number({ minimum: 0, description: 'how long it will be away' }),
  }),
  errors: ['UPGRADING', 'BUSY'],
  examples: [
    {
      title: 'restart after closing the open video segments',
      params: { taskId: '01KDVAHX5Q6R8D0G2E9ZKMJ4PT', mode: 'graceful', delaySec: 1, reason: 'asked by the owner' },
      result: { accepted: true, rebootAt: 1_767_225_700_000, expectedDownTimeSec: 40 },
    },
  ],
});
