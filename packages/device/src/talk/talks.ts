import { AppError, type Clock, type Logger, type Timer } from '@cardea/core';
import type { ResultOf, startTalking } from '@cardea/protocol';
import type { CameraChannel, CameraSpeaker } from '../camera.ts';
import { secureAddress } from '../net/secure-address.ts';
import type { SocketConnector } from '../net/socket-connector.ts';
import { type TalkParams, TalkSession } from './talk-session.ts';

export interface TalksOptions {
  /** @throws AppError CHANNEL_NOT_FOUND */
  readonly channel: (channel: number) => CameraChannel;
  readonly isPrivate: (channel: number) => boolean;
  /** There is no charge left for it. */
  readonly isLow: () => boolean;
  readonly connect: SocketConnector;
  readonly clock: Clock;
  readonly logger: Logger;
}

type TalkAnswer = ResultOf<typeof startTalking>;

interface Talk {
  readonly sessionId: string;
  readonly session: TalkSession;
  readonly done: Promise<void>;
  ttl: Timer;
}

/** Who speaks through the loudspeakers of the device: one person at a time on each channel (extension talk.start). */
export class Talks implements AsyncDisposable {
  private readonly options: TalksOptions;
  private readonly talks = new Map<number, Talk>();

  constructor(options: TalksOptions) {
    this.options = options;
  }

  get count(): number {
    return this.talks.size;
  }

  /**
   * Starts to fetch and play a voice, or renews the session of that id. Answers at once; the sound comes behind.
   * @throws AppError CHANNEL_NOT_FOUND | NOT_SUPPORTED | CODEC_UNSUPPORTED | PRIVACY_MODE | LOW_BATTERY | ALREADY_ACTIVE while
   * somebody else talks | URL_INVALID
   */
  start(params: TalkParams): TalkAnswer {
    const { channel, sessionId, source } = params;
    const speaker = this.speakerFor(params);
    secureAddress(source.url);
    const running = this.talks.get(channel);
    if (running === undefined) return answerOf(this.begin(params, speaker), speaker);
    if (running.sessionId !== sessionId) throw new AppError('ALREADY_ACTIVE');
    running.ttl[Symbol.dispose]();
    running.ttl = this.startTtl(params);
    running.session.retarget(source);
    return answerOf(running, speaker);
  }

  /** Whether a session was running, and ends it. */
  stop(sessionId: string): boolean {
    const found = [...this.talks].find(([, talk]) => talk.sessionId === sessionId);
    if (found === undefined) return false;
    this.end(found[0]);
    return true;
  }

  /** Ends what is said on one channel, or on all. */
  stopAll(channel?: number): void {
    for (const one of [...this.talks.keys()]) if (channel === undefined || one === channel) this.end(one);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const running = [...this.talks.values()];
    this.stopAll();
    await Promise.all(running.map(({ done }) => done));
  }

  private speakerFor({ channel, codec, sampleRate, source }: TalkParams): CameraSpeaker {
    const { speaker } = this.options.channel(channel);
    if (speaker === undefined || source.protocol !== 'wss-audio') throw new AppError('NOT_SUPPORTED');
    if (!speaker.codecs.includes(codec) || !speaker.sampleRates.includes(sampleRate)) {
      throw new AppError('CODEC_UNSUPPORTED', { codec, sampleRate });
    }
    if (this.options.isPrivate(channel)) throw new AppError('PRIVACY_MODE');
    if (this.options.isLow()) throw new AppError('LOW_BATTERY');
    return speaker;
  }

  private begin(params: TalkParams, speaker: CameraSpeaker): Talk {
    const { channel, sessionId } = params;
    const logger = this.options.logger.child({ sessionId, channel });
    const session = new TalkSession({ ...this.options, params, speaker, logger });
    const done = session
      .run()
      .catch((error: unknown) => logger.info({ status: AppError.from(error).status }, 'a voice could not be played'))
      .then(() => {
        if (this.talks.get(channel) === talk) this.end(channel);
      });
    const talk: Talk = { sessionId, session, done, ttl: this.startTtl(params) };
    this.talks.set(channel, talk);
    logger.info({ codec: params.codec }, 'somebody talks');
    return talk;
  }

  private startTtl({ channel, ttlSec }: TalkParams): Timer {
    return this.options.clock.setTimer(ttlSec * 1_000, () => this.end(channel));
  }

  private end(channel: number): void {
    const talk = this.talks.get(channel);
    if (talk === undefined) return;
    this.talks.delete(channel);
    talk.ttl[Symbol.dispose]();
    talk.session.stop();
  }
}

function answerOf({ sessionId, session }: Talk, { duplex }: CameraSpeaker): TalkAnswer {
  return { sessionId, state: session.state, duplex };
}
