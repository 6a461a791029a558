import { type Static, Type } from 'typebox';
import type { CapabilityName, RpcDefinition } from '../message.ts';
import { Channel } from './channel.ts';
import { AudioCodec } from './media-format.ts';
import { PlaySpeed } from './play-state.ts';
import { PtzAxis } from './ptz.ts';
import { PushProtocol } from './push-target.ts';
import { StreamName } from './stream-name.ts';

const range = (minimum: number, maximum: number, description: string) =>
  Type.Tuple([Type.Number({ minimum, maximum }), Type.Number({ minimum, maximum })], { description: `${description}: lowest and highest` });

const names = (description: string) => Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { maxItems: 512, description });

const count = (description: string) => Type.Integer({ minimum: 0, maximum: 65_535, description });

const StreamCapability = Type.Object({
  stream: StreamName,
  codecs: names('video codecs: h264, h265, av1'),
  resolutions: Type.Array(Type.Tuple([Type.Integer({ minimum: 1, maximum: 16_384 }), Type.Integer({ minimum: 1, maximum: 16_384 })]), {
    maxItems: 64,
    description: 'width and height in pixels',
  }),
  fps: range(0, 240, 'frames per second'),
  bitrateKbps: range(0, 1_000_000, 'bit rate'),
  gopSec: range(0, 60, 'time between two key frames, s'),
});

const AudioCapability = Type.Object(
  {
    codecs: Type.Array(AudioCodec, { maxItems: 8, description: 'audio codecs' }),
    sampleRates: Type.Array(Type.Integer({ minimum: 8_000, maximum: 192_000 }), { maxItems: 16, description: 'samples per second' }),
    talk: Type.Enum(['none', 'half', 'full'] as const, { description: 'sound to the device: none, in turns, at the same time' }),
  },
  { description: 'microphone and loudspeaker; absent when there is no sound' },
);

const PtzCapability = Type.Object(
  {
    actions: names('actions of ptz.control'),
    axes: Type.Array(PtzAxis, { maxItems: 3, description: 'axes that move' }),
    panDeg: Type.Optional(range(-360, 360, 'pan')),
    tiltDeg: Type.Optional(range(-360, 360, 'tilt')),
    zoomMax: Type.Optional(Type.Number({ minimum: 1, maximum: 1_000, description: 'largest zoom factor' })),
    maxPresets: count('presets it can keep'),
    maxTimeoutMs: Type.Number({ minimum: 0, description: 'longest continuous move' }),
  },
  { description: 'the head; absent when nothing moves' },
);

/** What one lens of a device can do. */
export const ChannelCapability = Type.Object({
  channel: Channel,
  name: Type.Optional(Type.String({ maxLength: 64, description: 'name of the channel' })),
  video: Type.Array(StreamCapability, { maxItems: 8, description: 'encodings' }),
  audio: Type.Optional(AudioCapability),
  live: Type.Object(
    {
      protocols: Type.Array(PushProtocol, { maxItems: 8, description: 'carriers it can publish on' }),
      maxSessions: count('pushes at the same time'),
    },
    { description: 'live video' },
  ),
  snapshot: Type.Optional(
    Type.Object(
      {
        maxWidth: Type.Integer({ minimum: 1, maximum: 16_384, description: 'largest width in pixels' }),
        maxHeight: Type.Integer({ minimum: 1, maximum: 16_384, description: 'largest height in pixels' }),
      },
      { description: 'still pictures; absent when it takes none' },
    ),
  ),
  ptz: Type.Optional(PtzCapability),
  detections: names('alarm types it can raise'),
  zones: Type.Optional(
    Type.Object(
      { max: count('zones'), vertices: count('corners of a zone'), uses: names('uses of a zone: motion, privacy, focus') },
      { description: 'zones in the picture' },
    ),
  ),
});
export type ChannelCapability = Static<typeof ChannelCapability>;

const StorageCapability = Type.Object(
  {
    disks: count('disk slots'),
    localModes: names('recording policies on the own disk: off, event, continuous, schedule'),
    cloudModes: names('recording policies to the video service: off, event, continuous, schedule'),
    containers: Type.Array(Type.Enum(['fmp4'] as const), { maxItems: 8, description: 'formats of video segments' }),
    maxSegmentSec: Type.Number({ minimum: 1, maximum: 3_600, description: 'longest video segment' }),
    preRollSecMax: Type.Number({ minimum: 0, maximum: 300, description: 'longest recording before an alarm' }),
    encryption: names('encryption schemes of video segments'),
    playback: Type.Object(
      {
        speeds: Type.Array(PlaySpeed, { maxItems: 32, description: 'speeds' }),
        reverse: Type.Boolean({ description: 'plays backwards' }),
        maxSessions: count('playbacks at the same time; 0 when it plays nothing'),
      },
      { description: 'playing of own recordings' },
    ),
  },
  { description: 'recording' },
);

/** Everything a device can do. The platform keeps it until `capHash` of a keep-alive differs from `hash`. */
export const CapabilitySet = Type.Object({
  profile: Type.Literal('hss-open-1', { description: 'wire profile' }),
  hash: Type.String({ minLength: 1, maxLength: 128, description: 'changes when anything else here changes' }),
  methods: names('Vd messages it answers'),
  events: names('Vd events it sends'),
  channels: Type.Array(ChannelCapability, { maxItems: 256, description: 'channels' }),
  storage: StorageCapability,
  power: Type.Object(
    {
      lowPower: Type.Boolean({ description: 'it sleeps' }),
      sources: names('what can feed it: battery, mains, usb, solar'),
      keepAwakeMaxSec: Type.Optional(Type.Number({ minimum: 0, description: 'longest grant of power.keepAwake' })),
      wake: Type.Optional(Type.Array(Type.Enum(['tcp', 'ble'] as const), { maxItems: 4, description: 'how it can be woken' })),
    },
    { description: 'power supply' },
  ),
  firmware: Type.Object(
    {
      modes: names('modes of firmware.upgrade'),
      signatures: names('signature algorithms it trusts'),
      abSlots: Type.Boolean({ description: 'returns to the old image when the new one does not come up' }),
    },
    { description: 'firmware' },
  ),
  configKeys: names('configuration keys, dotted; a prefix stands for a group'),
  limits: Type.Object(
    {
      maxMessageBytes: Type.Integer({ minimum: 1, description: 'largest message it takes' }),
      maxInflight: Type.Integer({ minimum: 1, description: 'requests it works on at the same time' }),
    },
    { description: 'limits' },
  ),
});
export type CapabilitySet = Static<typeof CapabilitySet>;

const announces: Record<CapabilityName, (set: CapabilitySet, lenses: readonly ChannelCapability[]) => boolean> = {
  ptz: (_, lenses) => lenses.some((lens) => lens.ptz !== undefined),
  snapshot: (_, lenses) => lenses.some((lens) => lens.snapshot !== undefined),
  talk: (_, lenses) => lenses.some((lens) => lens.audio !== undefined && lens.audio.talk !== 'none'),
  playback: (set) => set.storage.playback.maxSessions > 0,
};

/**
 * Whether a device that announced `set` takes `message`, on `channel` when one is given and on any channel otherwise.
 * `false` is what a caller sees as NOT_SUPPORTED; a channel that is not announced is not judged here.
 */
export function supportsMessage(set: CapabilitySet, message: RpcDefinition, channel?: number): boolean {
  const listed = message.sender === 'platform' ? set.methods : set.events;
  if (message.kind !== 'event' && message.sender === 'device') return true;
  if (!listed.includes(message.method)) return false;
  if (message.capability === undefined) return true;
  const lens = set.channels.filter((candidate) => candidate.channel === channel);
  return announces[message.capability](set, lens.length === 0 ? set.channels : lens);
}
