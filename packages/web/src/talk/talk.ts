import type { AnswerOf, Client, RouteOf } from '@cardea/api';
import { type Clock, wait } from '../clock.ts';
import { socketAddress } from '../player/socket-address.ts';
import { HeldSound } from './held-sound.ts';
import { type Microphone, MicrophoneError, type MicrophoneTrouble, openMicrophone } from './microphone.ts';
import { codecsAt, openVoiceCoder, type VoiceCodec } from './voice-coder.ts';

export type TalkStatus =
  | { readonly kind: 'idle' }
  /** The browser asks for the microphone, or the camera is being reached. */
  | { readonly kind: 'opening' }
  | { readonly kind: 'talking'; readonly duplex: 'half' | 'full' }
  /** The microphone was opened for somebody who let go in the meantime. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'noMicrophone'; readonly trouble: MicrophoneTrouble }
  | { readonly kind: 'failed'; readonly cause: unknown };

export interface TalkOptions {
  readonly api: Client;
  readonly deviceId: string;
  readonly channel: number;
  readonly clock: Clock;
  readonly onStatus: (status: TalkStatus) => void;
}

type Session = AnswerOf<RouteOf<'talk.create'>>;

/** What is said, and what can be made of it. */
interface Voice {
  readonly sound: HeldSound;
  /** Samples per second. */
  readonly rate: number;
  /** Best first. */
  readonly codecs: readonly VoiceCodec[];
}

/** What was said before the connection stands is kept so long; more would come too late. */
const WAITING_MAX_SEC = 1;
const NORMAL = 1000;
/** The server leaves its talks to others. */
const MOVED = 1012;
/** The connection ended without a word. */
const LOST = 1006;
/** A camera whose server died gives it up after 7 s, and lets nobody else talk until then. */
const RETURNS_MAX = 10;
const RETURN_MS = 1_000;

/** Speaks through one channel from `start` to `stop`, by way of another server when one goes. One use. */
export class Talk {
  private readonly options: TalkOptions;
  private readonly ending = new AbortController();
  private returnsLeft = 0;

  constructor(options: TalkOptions) {
    this.options = options;
  }

  /** Resolves when it is over. Never rejects. */
  async start(): Promise<void> {
    const { onStatus } = this.options;
    onStatus({ kind: 'opening' });
    try {
      using microphone = await openMicrophone();
      // Who had to allow it first has let go of the button.
      if (this.ending.signal.aborted) {
        onStatus({ kind: 'ready' });
      } else {
        await this.talk(microphone);
        onStatus({ kind: 'idle' });
      }
    } catch (error) {
      if (error instanceof MicrophoneError) onStatus({ kind: 'noMicrophone', trouble: error.trouble });
      else if (this.ending.signal.aborted) onStatus({ kind: 'idle' });
      else onStatus({ kind: 'failed', cause: error });
    }
  }

  stop(): void {
    this.ending.abort();
  }

  private async talk(microphone: Microphone): Promise<void> {
    const { clock, onStatus } = this.options;
    const { signal } = this.ending;
    const { rate } = microphone;
    const sound = new HeldSound(WAITING_MAX_SEC * rate);
    microphone.onSound = (block) => sound.push(block);
    const codecs = await codecsAt(rate);
    for (;;) {
      try {
        return await this.talkOnce({ sound, rate, codecs });
      } catch (error) {
        if (signal.aborted || this.returnsLeft === 0) throw error;
        this.returnsLeft -= 1;
        onStatus({ kind: 'opening' });
        await wait(clock, RETURN_MS, signal);
      }
    }
  }

  private async talkOnce(voice: Voice): Promise<void> {
    const { api, deviceId, channel } = this.options;
    const { signal } = this.ending;
    const session = await api.call('talk.create', { params: { id: deviceId }, body: { channel, codecs: [...voice.codecs] }, signal });
    try {
      await this.connect(session, voice);
    } finally {
      // One that is not ended ends by itself within half a minute.
      api.call('talk.delete', { params: { sessionId: session.sessionId }, keepalive: true }).catch(() => {});
    }
  }

  /** Resolves when the button is let go. @throws Error when the connection breaks before */
  private async connect({ url, codec, duplex, elsewhere }: Session, { sound, rate, codecs }: Voice): Promise<void> {
    const { signal } = this.ending;
    const chosen = codecs.find((one) => one === codec);
    if (chosen === undefined) throw new TypeError(`${codec} was not offered`);
    const socket = new WebSocket(socketAddress(url, { elsewhere }));
    const over = Promise.withResolvers<void>();
    using coder = openVoiceCoder(chosen, {
      rate,
      onFrame: (frame) => socket.send(frame),
      onFailed: over.reject,
    });
    socket.onopen = () => {
      this.returnsLeft = RETURNS_MAX;
      sound.flowTo((block) => coder.push(block));
      this.options.onStatus({ kind: 'talking', duplex });
    };
    socket.onclose = ({ code, reason }) => {
      if (code !== MOVED && code !== LOST) this.returnsLeft = 0;
      over.reject(new Error(reason));
    };
    signal.addEventListener('abort', () => over.resolve(), { once: true });
    if (signal.aborted) over.resolve();
    try {
      await over.promise;
    } finally {
      sound.flowTo(undefined);
      socket.onopen = null;
      socket.onclose = null;
      socket.close(NORMAL);
    }
  }
}
