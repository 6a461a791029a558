import { createHmac } from 'node:crypto';
import type { Socket } from 'node:net';
import { AppError, type Clock, type Logger, type Random, type Timer } from '@cardea/core';
import { FlvDemuxer, MediaError, RtmpPublishSession, type RtmpPublishWish, type Track } from '@cardea/media';
import { type StopReason, vmTimers } from '@cardea/protocol';
import type { TokenClaims } from '../../tokens/token-issuer.ts';
import type { EndReason, LiveStream, Publisher } from '../live-stream.ts';
import type { MediaCounters } from '../ports.ts';
import { PublisherFeed } from '../publisher-feed.ts';
import { type PublishName, publishNameOf } from './publish-address.ts';

/** What a publisher may feed. */
export interface PublishGrant {
  readonly claims: TokenClaims['vm-publish'];
  readonly stream: LiveStream;
}

export interface RtmpConnectionOptions {
  readonly socket: Socket;
  /** @throws AppError UNAUTHORIZED for a wrong token, SESSION_NOT_FOUND when nobody asked for it */
  readonly grant: (name: PublishName) => Promise<PublishGrant>;
  readonly counters: MediaCounters;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** The connection is gone; called once. */
  readonly onClosed: () => void;
}

/** Answers are small; a client that reads none of them only wants to fill our memory. */
const UNREAD_MAX_BYTES = 256 * 1024;

/**
 * One publisher on carrier `rtmp`. The units of its sound and pictures go to the stream as they come; nothing is queued here.
 * It takes the stream over with its first media, so that a publisher that never sends any displaces nobody.
 * @see profile hss-open-1, B6
 */
export class RtmpConnection implements Publisher {
  private readonly options: RtmpConnectionOptions;
  private readonly session: RtmpPublishSession;
  private readonly demuxer: FlvDemuxer;
  private feed: PublisherFeed | undefined;
  private hasStream = false;
  private startAt: number | undefined;
  private opening: Timer | undefined;
  private over = false;

  constructor(options: RtmpConnectionOptions) {
    this.options = options;
    const { random, socket } = options;
    this.session = new RtmpPublishSession({
      hmac: (key, data) => createHmac('sha256', key).update(data).digest(),
      randomBytes: (length) => random.bytes(length),
      createBytes: pooledBytes,
      send: (bytes) => socket.write(bytes),
      onPublish: (wish) => void this.admit(wish),
      onMedia: (tag) => this.demuxer.push(tag),
      onUnpublish: () => this.finish('command'),
    });
    this.demuxer = new FlvDemuxer({
      onMetadata: ({ startAt }) => {
        if (typeof startAt === 'number' && Number.isSafeInteger(startAt) && startAt >= 0) this.startAt = startAt;
      },
      onTracks: (tracks) => this.begin(tracks),
      onUnits: (units) => this.feed?.write(units),
    });
  }

  /** Nothing valid was shown yet. */
  get isStranger(): boolean {
    return this.feed === undefined;
  }

  start(): void {
    const { clock, logger, onClosed, socket } = this.options;
    socket.setNoDelay(true);
    this.opening = clock.setTimer(vmTimers.publishTimeoutMs, () => this.refuse(new AppError('TIMEOUT')));
    socket.on('data', (bytes) => this.receive(bytes));
    socket.on('error', (error) => logger.debug({ err: error }, 'an RTMP connection failed'));
    socket.once('close', () => {
      this.finish('lost');
      onClosed();
    });
  }

  stop(reason: StopReason): void {
    if (this.over) return;
    this.session.end(reason);
    this.finish(reason);
  }

  /** What a publisher sends wrong ends its own connection and nothing else. */
  private receive(bytes: Buffer): void {
    if (this.over) return;
    this.feed?.count(bytes.length);
    try {
      this.session.push(bytes);
      if (this.options.socket.writableLength > UNREAD_MAX_BYTES) throw new AppError('LIMIT_EXCEEDED');
    } catch (error) {
      if (error instanceof MediaError) this.refuse(new AppError(error.code, undefined, { cause: error, message: error.message }));
      else if (error instanceof AppError) this.refuse(error);
      else throw error;
    }
  }

  /** Never rejects. */
  private async admit(wish: RtmpPublishWish): Promise<void> {
    const { clock, counters, grant, logger } = this.options;
    try {
      const name = publishNameOf(wish);
      if (name === undefined) throw new AppError('UNAUTHORIZED');
      const { claims, stream } = await grant(name);
      if (this.over) return;
      this.opening?.[Symbol.dispose]();
      const { kind, deviceId, sessionId } = claims;
      const onLate = (what: string): void => {
        logger.info({ deviceId, sessionId, what }, 'a publisher was late');
        this.stop('error');
      };
      this.feed = new PublisherFeed({ publisher: this, stream, kind, clock, counters, onLate });
      this.feed.expectKeyframe();
      this.session.accept();
    } catch (error) {
      this.refuse(AppError.from(error));
    }
  }

  private begin(tracks: readonly Track[]): void {
    if (!this.hasStream) this.feed?.open(this.startAt);
    this.hasStream = true;
    this.feed?.begin(tracks);
  }

  private refuse(error: AppError): void {
    if (this.over) return;
    this.options.logger.info({ status: error.status, reason: error.message }, 'publisher refused');
    this.session.refuse(error.status === 'SESSION_NOT_FOUND' ? 'NetStream.Publish.BadName' : 'NetStream.Publish.Denied', error.status);
    this.finish('error');
  }

  private finish(reason: EndReason): void {
    if (this.over) return;
    this.over = true;
    this.opening?.[Symbol.dispose]();
    this.feed?.close(reason);
    const { clock, socket } = this.options;
    socket.end();
    if (socket.destroyed) return;
    const farewell = clock.setTimer(vmTimers.closeAfterStopMs, () => socket.destroy());
    socket.once('close', () => farewell[Symbol.dispose]());
  }
}

/** Memory of its own for every message, cleared before it is written, was a fifth of the work of taking a stream. */
function pooledBytes(sizeBytes: number): Uint8Array {
  const { buffer, byteOffset } = Buffer.allocUnsafe(sizeBytes);
  return new Uint8Array(buffer, byteOffset, sizeBytes);
}
