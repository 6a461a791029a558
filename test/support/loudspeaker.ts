import { once } from 'node:events';
import { AppError } from '@cardea/core';
import { type ParamsOf, type ResultOf, type RpcDefinition, startTalking, stopTalking, subprotocols } from '@cardea/protocol';
import { WebSocket } from 'ws';
import type { ReadForm } from './live-forms.ts';
import type { StampedCameraOptions } from './stamped-camera.ts';

const FRAME_MS = 20;
/** G.711 at 8,000 samples a second. */
const frame = Buffer.alloc((8_000 * FRAME_MS) / 1_000, 0xff);

/** The loudspeaker of a camera: it fetches what somebody says, and tells of every frame. */
export class Loudspeaker {
  static readonly methods: readonly string[] = [startTalking.method, stopTalking.method];
  static readonly audio: StampedCameraOptions['audio'] = { codecs: ['g711u'], sampleRates: [8_000], talk: 'full' };
  private heard: (bytes: Uint8Array) => void = () => {};

  /** What the camera answers to `talk.start` and `talk.stop`. @throws AppError NOT_SUPPORTED for anything else */
  async answer({ method }: RpcDefinition, params: unknown): Promise<ResultOf<typeof startTalking> | ResultOf<typeof stopTalking>> {
    if (method === stopTalking.method) return { stopped: true };
    if (method !== startTalking.method) throw new AppError('NOT_SUPPORTED');
    const { sessionId, source } = params as ParamsOf<typeof startTalking>;
    const socket = new WebSocket(source.url, subprotocols.vm, { headers: { authorization: `Bearer ${source.token}` } });
    socket.on('error', () => {});
    socket.on('message', (bytes: Buffer, isBinary) => isBinary && this.heard(bytes));
    return { sessionId, state: 'connecting', duplex: 'full' };
  }

  /** Talks at the address of a talk until `signal`; `onBytes` is told what comes out of the camera. Rejects when it is ended before. */
  readonly talkTo: ReadForm = async (url, { signal, onBytes }) => {
    this.heard = onBytes;
    const socket = new WebSocket(url, { perMessageDeflate: false });
    const closed = once(socket, 'close');
    const stop = (): void => socket.close();
    signal.addEventListener('abort', stop, { once: true });
    const speaking = setInterval(() => socket.readyState === WebSocket.OPEN && socket.send(frame), FRAME_MS);
    try {
      await closed;
      if (!signal.aborted) throw new Error('the talk ended');
    } finally {
      clearInterval(speaking);
      signal.removeEventListener('abort', stop);
    }
  };
}
