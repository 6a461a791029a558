import { createHash } from 'node:crypto';
import {
  alarmNotification,
  bindingReport,
  type CapabilitySet,
  type ChannelCapability,
  configChange,
  firmwareChange,
  liveChange,
  PROFILE,
  recordLimits,
  uploadLogDone,
  vdLimits,
  vrTimers,
} from '@cardea/protocol';
import type { Camera, CameraAudio, CameraChannel } from './camera.ts';
import { cameraFacts } from './camera-facts.ts';
import { configKeys } from './config-keys.ts';
import { zoneLimits } from './detection/zones.ts';
import { MAX_LIVE_SESSIONS } from './live/live-sessions.ts';

export interface CapabilitiesOptions {
  readonly camera: Camera;
  /** Methods that are really answered. */
  readonly methods: readonly string[];
  readonly nameOf: (channel: CameraChannel) => string;
}

/** Everything this device can do; `hash` changes when anything in it does. */
export function capabilitiesOf({ camera, methods, nameOf }: CapabilitiesOptions): CapabilitySet {
  const set: Omit<CapabilitySet, 'hash'> = {
    profile: PROFILE,
    methods: [...methods],
    events: [
      alarmNotification.method,
      bindingReport.method,
      uploadLogDone.method,
      liveChange.method,
      configChange.method,
      firmwareChange.method,
    ],
    channels: camera.channels.map((channel) => channelCapability(channel, nameOf(channel))),
    storage: {
      disks: 1,
      localModes: ['off', 'event', 'continuous'],
      cloudModes: ['off', 'event', 'continuous'],
      containers: ['fmp4'],
      maxSegmentSec: vrTimers.maxSegmentSec,
      preRollSecMax: recordLimits.preRollMaxSec,
      encryption: ['none'],
      playback: { speeds: [], reverse: false, maxSessions: 0 },
    },
    power: { lowPower: camera.power().present, sources: [camera.power().source] },
    firmware: { modes: ['downloadAndInstall', 'downloadOnly', 'installDownloaded', 'cancel'], signatures: ['ed25519'], abSlots: true },
    configKeys: [
      ...Object.keys(configKeys),
      ...new Set(camera.channels.flatMap(({ channel }) => Object.keys(cameraFacts(camera, channel)))),
    ],
    limits: { maxMessageBytes: vdLimits.maxMessageBytes, maxInflight: vdLimits.maxInFlight },
  };
  return { ...set, hash: createHash('sha256').update(JSON.stringify(set)).digest('hex').slice(0, 16) };
}

function channelCapability({ channel, streams, takePicture, head, detections }: CameraChannel, name: string): ChannelCapability {
  const [main] = streams;
  const audio = streams.find((stream) => stream.audio !== undefined)?.audio;
  return {
    channel,
    name,
    video: streams.map(({ name: stream, video, gopSec }) => ({
      stream,
      codecs: [video.codec],
      resolutions: [[video.width, video.height]],
      fps: [video.fps, video.fps],
      bitrateKbps: [video.kbps, video.kbps],
      gopSec: [gopSec, gopSec],
    })),
    ...(audio && { audio: audioCapability(audio) }),
    live: { protocols: ['wss-fmp4'], maxSessions: MAX_LIVE_SESSIONS },
    ...(takePicture && main && { snapshot: { maxWidth: main.video.width, maxHeight: main.video.height } }),
    ...(head && { ptz: head.capability }),
    detections: [...new Set<string>([...detections, 'videoLoss'])],
    ...(detections.includes('motion') && { zones: { max: zoneLimits.max, vertices: zoneLimits.maxVertices, uses: ['motion', 'ignore'] } }),
  };
}

function audioCapability({ codec, sampleRate }: CameraAudio): NonNullable<ChannelCapability['audio']> {
  return { codecs: [codec], sampleRates: [sampleRate], talk: 'none' };
}
