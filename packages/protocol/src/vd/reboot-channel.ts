import { Type } from 'typebox';
import { defineRpc } from '../message.ts';
import { Channel } from '../model/channel.ts';
import { RestartMode } from '../model/restart-mode.ts';
import { queueMs } from '../timers.ts';

/** I.2.4: restarts one encoder, lens or camera of a recorder; its sessions end with `live.changed` reason `channelReboot`. */
export const rebootChannel = defineRpc({
  method: 'channel.reboot',
  sender: 'platform',
  description: 'Restarts one channel, leaving the others running. Media sessions of that channel end.',
  delivery: 'awake',
  queueMs: queueMs.other,
  destructive: true,
  provenance: { clause: '9.3.2.2', item: 'I.2.4', status: 'title-only' },
  params: Type.Object({ channel: Channel, mode: Type.Optional(RestartMode) }),
  result: Type.Object({
    accepted: Type.Literal(true, { description: 'it will restart' }),
    expectedDownTimeSec: Type.Number({ minimum: 0, description: 'how long the channel will be away' }),
  }),
  errors: ['CHANNEL_NOT_FOUND', 'NOT_SUPPORTED', 'BUSY', 'UPGRADING'],
  examples: [
    {
      title: 'a frozen camera of a recorder',
      params: { channel: 3, mode: 'immediate' },
      result: { accepted: true, expectedDownTimeSec: 8 },
    },
  ],
});
