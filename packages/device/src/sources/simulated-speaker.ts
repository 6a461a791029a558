import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '@cardea/core';
import {
  type AccessUnit,
  type AudioTrack,
  buildOpusConfig,
  Fmp4Muxer,
  G711_SAMPLE_RATE,
  g711Track,
  opusPacketSamples,
  opusSampleRate,
  opusTrack,
} from '@cardea/media';
import type { CameraAudio, CameraSpeaker, SpeakerVoice } from '../camera.ts';

export interface SimulatedSpeakerOptions {
  /** Where `heard.mp4` is written: what was said last, as it came. Absent: it is only logged. */
  readonly stateDirectory?: string | undefined;
  readonly logger: Logger;
}

const MAX_SECONDS = 60;

/** A loudspeaker nobody hears: it keeps the first minute of what is said, as a file. */
export function createSimulatedSpeaker({ stateDirectory, logger }: SimulatedSpeakerOptions): CameraSpeaker {
  return {
    codecs: ['opus', 'g711a', 'g711u'],
    sampleRates: [opusSampleRate, G711_SAMPLE_RATE],
    duplex: 'full',
    open: (format) => openVoice(trackOf(format), { path: stateDirectory && join(stateDirectory, 'heard.mp4'), logger }),
  };
}

function openVoice(track: AudioTrack, { path, logger }: { readonly path: string | undefined; readonly logger: Logger }): SpeakerVoice {
  const heard: AccessUnit[] = [];
  let dts = 0;
  return {
    play: (data) => {
      const duration = track.codec === 'opus' ? opusPacketSamples(data) : data.length;
      if (duration === 0 || dts + duration > MAX_SECONDS * track.timescale) return;
      heard.push({ trackId: track.id, dts, pts: dts, duration, keyframe: true, data });
      dts += duration;
    },
    [Symbol.asyncDispose]: async () => {
      if (heard.length === 0) return;
      logger.info({ codec: track.codec, durationMs: (dts / track.timescale) * 1_000 }, 'a voice was heard');
      if (path === undefined) return;
      const muxer = new Fmp4Muxer([track]);
      const file = Buffer.concat([muxer.initSegment(), ...muxer.fragmentParts(heard, 1)]);
      await writeFile(path, file).catch((error: unknown) => logger.warn({ err: error }, 'what was heard is lost'));
    },
  };
}

function trackOf({ codec, channels }: CameraAudio): AudioTrack {
  if (codec === 'opus') return opusTrack(1, opusSampleRate, buildOpusConfig(1));
  return g711Track(1, codec === 'g711a' ? 'g711a' : 'g711u', { channels });
}
