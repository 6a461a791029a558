import { AppError, type Clock, type Link, type Logger, sleep, withDeadline } from '@cardea/core';
import {
  closeCodes,
  decodeAudioFrame,
  decodeFrame,
  type FrameOf,
  type ParamsOf,
  startTalkAudio,
  type startTalking,
  subprotocols,
  vmTimers,
} from '@cardea/protocol';
import type { CameraSpeaker, SpeakerVoice } from '../camera.ts';
import type { SocketConnector } from '../net/socket-connector.ts';

export type TalkParams = ParamsOf<typeof startTalking>;

export interface TalkSessionOptions {
  readonly params: TalkParams;
  readonly speaker: CameraSpeaker;
  readonly connect: SocketConnector;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Larger than a frame of 20 ms in any codec of the profile. */
const MAX_MESSAGE_BYTES = 8_192;
const NORMAL = closeCodes.NORMAL.code;

/**
 * Fetches what one person says from the media server and plays it, until it is stopped, the other end is done, or the
 * connection does not come back (carrier `wss-audio`).
 */
export class TalkSession {
  private readonly options: TalkSessionOptions;
  private readonly stopping = new AbortController();
  private source: TalkParams['source'];
  private hearing = false;
  private nextSeq: number | undefined;

  constructor(options: TalkSessionOptions) {
    this.options = options;
    this.source = options.params.source;
  }

  get state(): 'connecting' | 'playing' {
    return this.hearing ? 'playing' : 'connecting';
  }

  /** Where to connect when the present connection is lost. */
  retarget(source: TalkParams['source']): void {
    this.source = source;
  }

  /** Makes `run` resolve. */
  stop(): void {
    this.stopping.abort(new AppError('CANCELLED'));
  }

  /** Plays until it is over. @throws AppError why the sound could not be fetched */
  async run(): Promise<void> {
    const { clock, params, speaker } = this.options;
    const { signal } = this.stopping;
    const { codec, sampleRate } = params;
    await using voice = speaker.open({ codec, sampleRate, channels: 1 });
    for (const waitMs of [...vmTimers.retryDelaysMs, undefined]) {
      try {
        if (await this.fetch(voice, signal)) return;
      } catch (error) {
        if (signal.aborted) return;
        if (waitMs === undefined || isRefusal(error)) throw error;
        this.options.logger.debug({ err: error }, 'the voice was not reached');
      }
      if (waitMs === undefined) throw new AppError('GOING_AWAY');
      await sleep(clock, waitMs, { signal }).catch(() => {});
    }
  }

  /** One connection. True when it ended because nothing more is to come. */
  private async fetch(voice: SpeakerVoice, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return true;
    const { connect, clock } = this.options;
    const { url, token } = this.source;
    const link = await connect(
      { url, subprotocol: subprotocols.vm, bearer: token, timeoutMs: vmTimers.connectTimeoutMs, maxMessageBytes: MAX_MESSAGE_BYTES },
      { signal },
    );
    const closed = Promise.withResolvers<boolean>();
    const started = Promise.withResolvers<void>();
    // Whichever of the two is not waited for any more is no news.
    started.promise.catch(() => {});
    this.nextSeq = undefined;
    link.open({
      onText: (text) => this.begin(text, link, started),
      onBinary: (bytes) => this.hear(bytes, voice),
      onClose: (code) => {
        this.hearing = false;
        started.reject(new AppError('GOING_AWAY'));
        closed.resolve(code === NORMAL || signal.aborted);
      },
    });
    const onAbort = (): void => link.close(NORMAL, 'stopped');
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await withDeadline(clock, vmTimers.publishTimeoutMs, () => started.promise, { signal });
      return await closed.promise;
    } finally {
      signal.removeEventListener('abort', onAbort);
      link.close(NORMAL, 'done');
    }
  }

  private begin(text: string, link: Link, started: PromiseWithResolvers<void>): void {
    const frame = decodeFrame([startTalkAudio], text);
    // Neither side's first version knows every frame of the next.
    if (frame === undefined) return;
    this.hearing = this.isAnnounced(frame);
    if (this.hearing) {
      started.resolve();
    } else {
      started.reject(new AppError('CODEC_UNSUPPORTED', { codec: frame.codec }));
      link.close(closeCodes.UNSUPPORTED_DATA.code, 'not the codec that was announced');
    }
  }

  private isAnnounced({ codec, sampleRate, channels }: FrameOf<typeof startTalkAudio>): boolean {
    const { params } = this.options;
    return codec === params.codec && sampleRate === params.sampleRate && channels === 1;
  }

  private hear(bytes: Uint8Array, voice: SpeakerVoice): void {
    const frame = decodeAudioFrame(bytes);
    if (frame === undefined || !this.hearing) return;
    // Sound that comes late is worse than none; the count goes round at 2^32.
    if (this.nextSeq !== undefined && ((frame.seq - this.nextSeq) | 0) < 0) return;
    this.nextSeq = (frame.seq + 1) >>> 0;
    voice.play(frame.payload);
  }
}

/** Trying again brings the same answer. */
function isRefusal(error: unknown): boolean {
  return error instanceof AppError && (error.status === 'CODEC_UNSUPPORTED' || error.details?.httpStatus !== undefined);
}
