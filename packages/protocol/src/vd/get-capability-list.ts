import { Type } from 'typebox';
import { defineRpc } from '../message.ts';
import { CapabilitySet } from '../model/capability-set.ts';

/** I.2.28: everything the device can do; kept by the platform until `capHash` changes. */
export const getCapabilityList = defineRpc({
  method: 'capability.get',
  sender: 'platform',
  description: 'Reads everything the device can do. The platform keeps the answer until a keep-alive brings another capHash.',
  delivery: 'online',
  unbound: true,
  provenance: { clause: '9.3.2.2', item: 'I.2.28', status: 'title-only' },
  params: Type.Object({
    sections: Type.Optional(
      Type.Array(Type.String({ maxLength: 64 }), { maxItems: 16, description: 'parts the caller wants; the device may send all' }),
    ),
  }),
  result: CapabilitySet,
  errors: [],
  examples: [
    {
      title: 'a camera with a head and one disk',
      params: {},
      result: {
        profile: 'hss-open-1',
        hash: '9f1c52d0a6b4',
        methods: ['device.getStatus', 'live.push', 'live.stop', 'ptz.control', 'ptz.getPresets', 'record.start', 'record.stop'],
        events: ['alarm.notify'],
        channels: [
          {
            channel: 1,
            name: 'Porch',
            video: [
              {
                stream: 'main',
                codecs: ['h264'],
                resolutions: [
                  [1_920, 1_080],
                  [1_280, 720],
                ],
                fps: [1, 30],
                bitrateKbps: [256, 6_000],
                gopSec: [1, 4],
              },
            ],
            audio: { codecs: ['aac'], sampleRates: [48_000], talk: 'half' },
            live: { protocols: ['wss-fmp4', 'rtmp'], maxSessions: 2 },
            snapshot: { maxWidth: 1_920, maxHeight: 1_080 },
            ptz: {
              actions: ['continuous', 'absolute', 'stop', 'gotoPreset', 'setPreset', 'removePreset'],
              axes: ['pan', 'tilt'],
              panDeg: [-170, 170],
              tiltDeg: [-20, 90],
              maxPresets: 8,
              maxTimeoutMs: 10_000,
            },
            detections: ['motion', 'person'],
            zones: { max: 4, vertices: 12, uses: ['motion', 'privacy'] },
          },
        ],
        storage: {
          disks: 1,
          localModes: ['off', 'event', 'continuous'],
          cloudModes: ['off', 'event', 'continuous'],
          containers: ['fmp4'],
          maxSegmentSec: 60,
          preRollSecMax: 10,
          encryption: ['none'],
          playback: { speeds: [0.25, 0.5, 1, 2, 4, 8], reverse: false, maxSessions: 1 },
        },
        power: { lowPower: false, sources: ['mains'] },
        firmware: { modes: ['downloadAndInstall', 'cancel'], signatures: ['ed25519'], abSlots: true },
        configKeys: ['device', 'video.main', 'image', 'record.local', 'record.cloud'],
        limits: { maxMessageBytes: 65_536, maxInflight: 16 },
      },
    },
  ],
});
