import { Type } from 'typebox';
import { defineRpc } from '../message.ts';
import { Channel } from '../model/channel.ts';
import { ConfigKey, ConfigValues, ConfigVersion } from '../model/config.ts';
import { described } from '../model/described.ts';
import { queueMs } from '../timers.ts';

/** I.2.20: changes keys, all or none unless `atomic` is false. */
export const setDeviceConfiguration = defineRpc({
  method: 'config.set',
  sender: 'platform',
  description:
    'Changes configuration keys. With atomic (the default) one bad key refuses all, and the error names it in details.key; otherwise the good ones are applied and the others listed in rejected.',
  delivery: 'queued',
  queueMs: queueMs.config,
  provenance: { clause: '9.3.2.2', item: 'I.2.20', status: 'title-only' },
  params: Type.Object({
    channel: Type.Optional(described(Channel, 'absent: keys of the whole device')),
    ifVersion: Type.Optional(Type.Integer({ minimum: 0, description: 'refuse with VERSION_CONFLICT when the version is another' })),
    patch: ConfigValues,
    atomic: Type.Optional(Type.Boolean({ default: true, description: 'all or none' })),
  }),
  result: Type.Object({
    version: ConfigVersion,
    applied: Type.Array(ConfigKey, { maxItems: 256, description: 'keys that were set' }),
    rejected: Type.Optional(
      Type.Array(
        Type.Object({
          key: ConfigKey,
          code: Type.Integer({ description: 'code of the error table' }),
          message: Type.Optional(Type.String({ maxLength: 1_024, description: 'for people' })),
        }),
        { maxItems: 256, description: 'keys that were not set' },
      ),
    ),
    rebootRequired: Type.Optional(Type.Boolean({ description: 'takes effect after a restart' })),
  }),
  errors: ['KEY_UNKNOWN', 'KEY_READ_ONLY', 'VALUE_INVALID', 'VERSION_CONFLICT', 'CHANNEL_NOT_FOUND'],
  examples: [
    {
      title: 'record everything to the video service',
      params: { channel: 1, ifVersion: 12, patch: { 'record.cloud.mode': 'continuous' } },
      result: { version: 13, applied: ['record.cloud.mode'] },
    },
    {
      title: 'apply what is possible',
      params: { patch: { 'device.name': 'Porch', 'device.colour': 'red' }, atomic: false },
      result: {
        version: 14,
        applied: ['device.name'],
        rejected: [{ key: 'device.colour', code: 1500, message: 'no such configuration key' }],
      },
    },
  ],
});
