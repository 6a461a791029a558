import { Type } from 'typebox';
import { defineRpc } from '../message.ts';
import { Channel } from '../model/channel.ts';
import { ConfigKey, ConfigValues, ConfigVersion } from '../model/config.ts';
import { described } from '../model/described.ts';

/** I.2.19: the configuration as flat dotted keys. */
export const getDeviceConfiguration = defineRpc({
  method: 'config.get',
  sender: 'platform',
  description: 'Reads the configuration, of the whole device or of one channel, as flat dotted keys.',
  delivery: 'online',
  provenance: { clause: '9.3.2.2', item: 'I.2.19', status: 'title-only' },
  params: Type.Object({
    channel: Type.Optional(described(Channel, 'absent: keys of the whole device')),
    keys: Type.Optional(Type.Array(ConfigKey, { maxItems: 256, description: 'keys or prefixes wanted; absent: all' })),
  }),
  result: Type.Object({ version: ConfigVersion, config: ConfigValues }),
  errors: ['KEY_UNKNOWN', 'CHANNEL_NOT_FOUND'],
  examples: [
    {
      title: 'the main stream of a channel',
      params: { channel: 1, keys: ['video.main', 'record.cloud.mode'] },
      result: {
        version: 12,
        config: {
          'video.main.codec': 'h264',
          'video.main.width': 1_920,
          'video.main.height': 1_080,
          'video.main.fps': 25,
          'record.cloud.mode': 'event',
        },
      },
    },
  ],
});
