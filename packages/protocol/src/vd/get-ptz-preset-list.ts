import { Type } from 'typebox';
import { defineRpc } from '../message.ts';
import { Channel } from '../model/channel.ts';
import { described } from '../model/described.ts';
import { Instant } from '../model/instant.ts';
import { PresetId, PresetName, PtzPosition } from '../model/ptz.ts';

/** I.2.18: the presets of a channel. */
export const getPtzPresetList = defineRpc({
  method: 'ptz.getPresets',
  sender: 'platform',
  description: 'Lists the presets of a channel and how many it can keep.',
  delivery: 'online',
  capability: 'ptz',
  provenance: { clause: '9.3.2.2', item: 'I.2.18', status: 'title-only' },
  params: Type.Object({ channel: Channel }),
  result: Type.Object({
    presets: Type.Array(
      Type.Object({
        presetId: PresetId,
        name: PresetName,
        position: Type.Optional(PtzPosition),
        isHome: Type.Optional(Type.Boolean({ description: 'where the head rests' })),
        updatedAt: Type.Optional(described(Instant, 'when it was set')),
      }),
      { maxItems: 255, description: 'presets by number' },
    ),
    max: Type.Integer({ minimum: 0, maximum: 255, description: 'presets it can keep' }),
  }),
  errors: ['NOT_SUPPORTED', 'CHANNEL_NOT_FOUND'],
  examples: [
    {
      title: 'two presets',
      params: { channel: 1 },
      result: {
        presets: [
          { presetId: 1, name: 'Door', position: { pan: 0, tilt: 0, zoom: 0 }, isHome: true },
          { presetId: 3, name: 'Gate', position: { pan: 0.4, tilt: -0.2, zoom: 0.1 }, updatedAt: 1_767_225_600_000 },
        ],
        max: 8,
      },
    },
  ],
});
