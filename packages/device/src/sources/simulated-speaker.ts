import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '@cardea/core';
import { decodeG711, G711_SAMPLE_RATE, type G711Law } from '@cardea/media';
import type { CameraAudio, CameraSpeaker, SpeakerVoice } from '../camera.ts';

export interface SimulatedSpeakerOptions {
  /** Where `heard.wav` is written: what was said last. Absent: it is only logged. */
  readonly stateDirectory?: string | undefined;
  readonly logger: Logger;
}

const laws: readonly G711Law[] = ['g711a', 'g711u'];
const MAX_SAMPLES = 60 * G711_SAMPLE_RATE;
const FULL_SCALE = 32_768;

/** A loudspeaker nobody hears: it keeps the first minute of what is said, as a file. */
export function createSimulatedSpeaker({ stateDirectory, logger }: SimulatedSpeakerOptions): CameraSpeaker {
  return {
    codecs: laws,
    sampleRates: [G711_SAMPLE_RATE],
    duplex: 'full',
    open: (format) => openVoice(format, { path: stateDirectory && join(stateDirectory, 'heard.wav'), logger }),
  };
}

function openVoice({ codec }: CameraAudio, { path, logger }: { readonly path: string | undefined; readonly logger: Logger }): SpeakerVoice {
  const law = laws.find((one) => one === codec) ?? 'g711u';
  const heard: Int16Array[] = [];
  let sampleCount = 0;
  return {
    play: (frame) => {
      if (sampleCount + frame.length > MAX_SAMPLES) return;
      heard.push(decodeG711(law, frame));
      sampleCount += frame.length;
    },
    [Symbol.asyncDispose]: async () => {
      if (sampleCount === 0) return;
      logger.info({ durationMs: (sampleCount / G711_SAMPLE_RATE) * 1_000, levelDb: levelOf(heard) }, 'a voice was heard');
      if (path === undefined) return;
      await writeFile(path, waveFile(heard, sampleCount)).catch((error: unknown) => logger.warn({ err: error }, 'what was heard is lost'));
    },
  };
}

/** Mean power, in dB below a full-scale square wave. */
function levelOf(blocks: readonly Int16Array[]): number {
  let sum = 0;
  let count = 0;
  for (const block of blocks) {
    for (const sample of block) sum += (sample / FULL_SCALE) ** 2;
    count += block.length;
  }
  return Math.round(10 * Math.log10(sum / count + 1e-10));
}

/** A WAVE file of 16-bit mono samples. @see Multimedia Programming Interface and Data Specifications 1.0, "Waveform Audio File Format" */
function waveFile(blocks: readonly Int16Array[], sampleCount: number): Uint8Array {
  const header = Buffer.alloc(44);
  const dataBytes = 2 * sampleCount;
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(36 + dataBytes, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(G711_SAMPLE_RATE, 24);
  header.writeUInt32LE(2 * G711_SAMPLE_RATE, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(dataBytes, 40);
  return Buffer.concat([header, ...blocks.map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength))]);
}
