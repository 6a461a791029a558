import { Type } from 'typebox';
import { defineRpc } from '../message.ts';
import { Channel } from '../model/channel.ts';
import { ConfigKey, ConfigVersion } from '../model/config.ts';
import { described } from '../model/described.ts';
import { queueMs } from '../timers.ts';

/** I.2.21: back to defaults. `factory` also unbinds and therefore asks for `keepBinding: false`. */
export const resetDeviceConfiguration = defineRpc({
  method: 'config.reset',
  sender: 'platform',
  description:
    'Sets configuration back to defaults: some keys, everything but network and binding (soft), or everything (factory). factory also unbinds the device, and asks for keepBinding false so that nobody does it by mistake.',
  delivery: 'queued',
  queueMs: queueMs.config,
  destructive: true,
  provenance: { clause: '9.3.2.2', item: 'I.2.21', status: 'title-only' },
  params: Type.Object({
    scope: Type.Enum(['keys', 'soft', 'factory'] as const, { description: 'how much' }),
    channel: Type.Optional(described(Channel, 'absent: the whole device')),
    keys: Type.Optional(Type.Array(ConfigKey, { maxItems: 256, description: 'keys or prefixes, with scope keys' })),
    keepBinding: Type.Optional(Type.Boolean({ description: 'false is required with scope factory' })),
  }),
  rules: [
    { path: '/keepBinding', message: 'must be false with scope factory', holds: (p) => p.scope !== 'factory' || p.keepBinding === false },
    { path: '/keys', message: 'is required by scope keys', holds: (p) => p.scope !== 'keys' || (p.keys ?? []).length > 0 },
  ],
  result: Type.Object({ version: ConfigVersion, rebootRequired: Type.Boolean({ description: 'takes effect after a restart' }) }),
  errors: ['KEY_UNKNOWN', 'KEY_READ_ONLY', 'VALUE_INVALID', 'CHANNEL_NOT_FOUND', 'UPGRADING'],
  examples: [
    {
      title: 'picture settings of one channel',
      params: { scope: 'keys', channel: 1, keys: ['image'] },
      result: { version: 15, rebootRequired: false },
    },
    {
      title: 'before the camera is given away',
      params: { scope: 'factory', keepBinding: false },
      result: { version: 0, rebootRequired: true },
    },
  ],
});
