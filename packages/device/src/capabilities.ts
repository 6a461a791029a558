import { createHash } from 'node:crypto';
import {
  alarmNotification,
  BASELINE_PLAY_SPEEDS,
  batteryChange,
  bindingReport,
  type CapabilitySet,
  type ChannelCapability,
  channelChange,
  configChange,
  fallAsleep,
  firmwareChange,
  liveChange,
  PROFILE,
  recordLimits,
  sleepTimers,
  uploadLogDone,
  vdLimits,
  vrTimers,
} from '@cardea/protocol';
import type { Camera, CameraAudio, CameraChannel, CameraSpeaker } from './camera.ts';
import { cameraFacts } from './camera-facts.ts';
import { configKeys, fitsDevice, isConfigKey } from './config-keys.ts';
import { zoneLimits } from './detection/zones.ts';
import { MAX_LIVE_SESSIONS } from './live/live-sessions.ts';
import { MAX_PLAYBACKS } from './playback/playbacks.ts';

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
      channelChange.method,
      configChange.method,
      firmwareChange.method,
      ...(camera.power().present ? [batteryChange.method, fallAsleep.method] : []),
    ],
    channels: camera.channels.map((channel) => channelCapability(channel, nameOf(channel))),
    storage: {
      disks: 1,
      localModes: ['off', 'event', 'continuous', 'schedule'],
      cloudModes: ['off', 'event', 'continuous', 'schedule'],
      containers: ['fmp4'],
      maxSegmentSec: vrTimers.maxSegmentSec,
      preRollSecMax: recordLimits.preRollMaxSec,
      encryption: ['none', 'aes-256-gcm'],
      playback: { speeds: [...BASELINE_PLAY_SPEEDS], reverse: false, maxSessions: MAX_PLAYBACKS },
    },
    power: powerCapability(camera),
    firmware: { modes: ['downloadAndInstall', 'downloadOnly', 'installDownloaded', 'cancel'], signatures: ['ed25519'], abSlots: true },
    configKeys: [
      ...Object.keys(configKeys).filter((key) => isConfigKey(key) && fitsDevice(key, camera.power().present)),
      ...new Set(camera.channels.flatMap(({ channel }) => Object.keys(cameraFacts(camera, channel)))),
    ],
    limits: { maxMessageBytes: vdLimits.maxMessageBytes, maxInflight: vdLimits.maxInFlight },
  };
  return { ...set, hash: createHash('sha256').update(JSON.stringify(set)).digest('hex').slice(0, 16) };
}

/** What feeds the device just now is part of its status, not of what it can do. */
function powerCapability(camera: Camera): CapabilitySet['power'] {
  const { present, source } = camera.power();
  if (!present) return { lowPower: false, sources: [source] };
  return { lowPower: true, sources: ['battery', 'usb'], keepAwakeMaxSec: sleepTimers.keepAwakeMaxSec, wake: ['tcp'] };
}

function channelCapability({ channel, streams, takePicture, head, speaker, detections }: CameraChannel, name: string): ChannelCapability {
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
    ...((audio ?? speaker) && { audio: audioCapability(audio, speaker) }),
    live: { protocols: ['wss-fmp4'], maxSessions: MAX_LIVE_SESSIONS },
    ...(takePicture && main && { snapshot: { maxWidth: main.video.width, maxHeight: main.video.height } }),
    ...(head && { ptz: head.capability }),
    detections: [...new Set<string>([...detections, 'videoLoss'])],
    ...(detections.includes('motion') && { zones: { max: zoneLimits.max, vertices: zoneLimits.maxVertices, uses: ['motion', 'ignore'] } }),
  };
}

function audioCapability(audio: CameraAudio | undefined, speaker: CameraSpeaker | undefined): NonNullable<ChannelCapability['audio']> {
  return {
    codecs: [...new Set([...(audio ? [audio.codec] : []), ...(speaker?.codecs ?? [])])],
    sampleRates: [...new Set([...(audio ? [audio.sampleRate] : []), ...(speaker?.sampleRates ?? [])])],
    talk: speaker?.duplex ?? 'none',
  };
}
