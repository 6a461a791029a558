import { createHash } from 'node:crypto';
import type { Json } from './json.ts';
import { fps, gopSec, height, width } from './picture-source.ts';

const announced = {
  profile: 'hss-open-1',
  methods: ['capability.get', 'device.getStatus', 'time.get', 'config.get', 'config.reset', 'live.push', 'live.stop', 'ptz.control'],
  events: ['alarm.notify'],
  channels: [
    {
      channel: 1,
      name: 'Porch',
      video: [
        {
          stream: 'main',
          codecs: ['h264'],
          resolutions: [[width, height]],
          fps: [fps, fps],
          bitrateKbps: [100, 2000],
          gopSec: [gopSec, gopSec],
        },
      ],
      live: { protocols: ['wss-fmp4'], maxSessions: 1 },
      ptz: { actions: ['relative', 'absolute', 'stop'], axes: ['pan', 'tilt', 'zoom'], maxPresets: 0, maxTimeoutMs: 10_000 },
      detections: [],
    },
  ],
  storage: {
    disks: 0,
    localModes: [],
    cloudModes: ['off', 'event'],
    containers: ['fmp4'],
    maxSegmentSec: 10,
    preRollSecMax: 0,
    encryption: ['none'],
    playback: { speeds: [], reverse: false, maxSessions: 0 },
  },
  power: { lowPower: false, sources: ['mains'] },
  firmware: { modes: [], signatures: [], abSlots: false },
  configKeys: ['device.name', 'record.cloud.mode'],
  limits: { maxMessageBytes: 65_536, maxInflight: 16 },
};

/** What this device can do (B5.28); its hash changes with any of it. */
export const capabilitySet: Json & { readonly hash: string } = {
  ...announced,
  hash: createHash('sha256').update(JSON.stringify(announced)).digest('hex').slice(0, 16),
};
