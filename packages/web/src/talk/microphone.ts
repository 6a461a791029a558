import workletUrl from './microphone-worklet.ts?worker&url';

/** Why there is no sound: nobody allowed it, there is nothing to hear with, or pages of this address may not ask. */
export type MicrophoneTrouble = 'denied' | 'missing' | 'insecure';

export class MicrophoneError extends Error {
  readonly trouble: MicrophoneTrouble;

  constructor(trouble: MicrophoneTrouble, cause?: unknown) {
    super(`no microphone: ${trouble}`, { cause });
    this.trouble = trouble;
  }
}

/** An open microphone. Dispose it, and the browser no longer shows that somebody listens. */
export interface Microphone extends Disposable {
  /** Samples per second of what it gives. */
  readonly rate: number;
  /** Called with sound, samples from -1 to 1, as it comes. */
  onSound: (sound: Float32Array) => void;
}

/** Asks for the microphone, with the echo of the loudspeaker taken out. @throws MicrophoneError */
export async function openMicrophone(): Promise<Microphone> {
  // Browsers hide it from pages that did not come over a connection nobody can listen to.
  if (!window.isSecureContext || navigator.mediaDevices === undefined) throw new MicrophoneError('insecure');
  const audio = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  const stream = await navigator.mediaDevices.getUserMedia({ audio }).catch((error: unknown) => {
    const isMissing = error instanceof DOMException && error.name !== 'NotAllowedError';
    throw new MicrophoneError(isMissing ? 'missing' : 'denied', error);
  });
  const context = new AudioContext();
  const close = (): void => {
    for (const track of stream.getTracks()) track.stop();
    void context.close();
  };
  try {
    await context.audioWorklet.addModule(workletUrl);
    const tap = new AudioWorkletNode(context, 'tap', { numberOfOutputs: 0, channelCount: 1, channelCountMode: 'explicit' });
    const microphone: Microphone = { rate: context.sampleRate, onSound: () => {}, [Symbol.dispose]: close };
    tap.port.onmessage = ({ data }: MessageEvent<Float32Array>) => microphone.onSound(data);
    new MediaStreamAudioSourceNode(context, { mediaStream: stream }).connect(tap);
    await context.resume();
    return microphone;
  } catch (error) {
    close();
    throw error;
  }
}
