import type { VoiceCoder, VoiceCoderOptions } from './voice-coder.ts';

const FRAMES_PER_SECOND = 50;
const MICROSECONDS = 1_000_000;
/** Enough for speech that sounds like the room it is said in (RFC 7587 3.1.1: 28 to 40 kbit/s for fullband speech). */
const BITS_PER_SECOND = 32_000;

/** Whether this browser makes Opus of sound with `rate` samples per second. */
export async function opusIsCodedAt(rate: number): Promise<boolean> {
  if (typeof AudioEncoder === 'undefined') return false;
  const { supported } = await AudioEncoder.isConfigSupported(configAt(rate)).catch(() => ({ supported: false }));
  return supported === true;
}

/** Codes speech as the browser does it, off the page's own thread. */
export class OpusCoder implements VoiceCoder {
  private readonly rate: number;
  private readonly encoder: AudioEncoder;
  /** The frame that is being gathered. */
  private readonly frame: Float32Array<ArrayBuffer>;
  private filled = 0;
  private framesTaken = 0;

  constructor({ rate, onFrame, onFailed }: VoiceCoderOptions) {
    this.rate = rate;
    this.frame = new Float32Array(Math.round(rate / FRAMES_PER_SECOND));
    this.encoder = new AudioEncoder({
      output: (chunk) => {
        const frame = new Uint8Array(chunk.byteLength);
        chunk.copyTo(frame);
        onFrame(frame);
      },
      error: onFailed,
    });
    this.encoder.configure(configAt(rate));
  }

  push(sound: Float32Array): void {
    for (let at = 0; at < sound.length; ) {
      const part = sound.subarray(at, at + this.frame.length - this.filled);
      this.frame.set(part, this.filled);
      this.filled += part.length;
      at += part.length;
      if (this.filled === this.frame.length) this.encode();
    }
  }

  [Symbol.dispose](): void {
    if (this.encoder.state !== 'closed') this.encoder.close();
  }

  private encode(): void {
    this.filled = 0;
    if (this.encoder.state === 'closed') return;
    const { rate, frame } = this;
    const timestamp = Math.round((this.framesTaken * frame.length * MICROSECONDS) / rate);
    this.framesTaken += 1;
    const data = new AudioData({
      format: 'f32-planar',
      sampleRate: rate,
      numberOfFrames: frame.length,
      numberOfChannels: 1,
      timestamp,
      data: frame,
    });
    this.encoder.encode(data);
    data.close();
  }
}

function configAt(rate: number): AudioEncoderConfig {
  const opus = { frameDuration: MICROSECONDS / FRAMES_PER_SECOND };
  return { codec: 'opus', sampleRate: rate, numberOfChannels: 1, bitrate: BITS_PER_SECOND, opus };
}
