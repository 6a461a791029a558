import type { Socket } from 'node:net';
import { AppError, type Clock, type Logger, type Random, type Timer } from '@cardea/core';
import {
  buildRtspResponse,
  type InterleavedFrame,
  MediaError,
  parseRtcp,
  type RtspMessage,
  RtspReader,
  type RtspRequest,
} from '@cardea/media';
import type { Broadcast } from '../broadcast.ts';
import type { PerBroadcast } from '../per-broadcast.ts';
import type { ConnectionReport, ViewerConnection } from '../view-session.ts';
import type { ViewerAdmission } from '../viewer-admission.ts';
import { parseRtspAddress, type RtspAddress } from './rtsp-address.ts';
import { type RtspAnswer, reasonOf, refusalOf } from './rtsp-answer.ts';
import type { RtspFeed } from './rtsp-feed.ts';
import { RtspViewing } from './rtsp-viewing.ts';
import type { UdpPorts } from './udp-ports.ts';

export interface RtspConnectionOptions {
  readonly socket: Socket;
  readonly admission: ViewerAdmission;
  readonly feeds: PerBroadcast<RtspFeed>;
  /** The ports that viewers over UDP share, opened when first wanted; `undefined` where there are none. @throws AppError LIMIT_EXCEEDED */
  readonly udpPorts: (() => Promise<UdpPorts>) | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly onClosed: () => void;
}

const METHODS = 'OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, TEARDOWN, GET_PARAMETER';
/** A viewer of whom nothing is heard for so long is gone (RFC 2326, 12.37). */
const SESSION_TIMEOUT_SEC = 60;
/** Somebody who has not shown a token yet. */
const STRANGER_TIMEOUT_SEC = 10;
const MAX_WAITING_REQUESTS = 8;
/** What is still on its way to a viewer whose right ended must not take a second. */
const CLOSE_GRACE_MS = 500;

/** One RTSP connection (RFC 2326): requests are answered in their order; it watches one stream at most. */
export class RtspConnection implements ViewerConnection {
  private readonly options: RtspConnectionOptions;
  private readonly sessionId: string;
  private readonly reader = new RtspReader();
  private readonly gone = new AbortController();
  private readonly waiting: RtspRequest[] = [];
  private isAnswering = false;
  private viewing: RtspViewing | undefined;
  /** What is to be undone when the viewing ends. */
  private uses = new DisposableStack();
  private silence: Timer | undefined;

  constructor(options: RtspConnectionOptions) {
    this.options = options;
    this.sessionId = Buffer.from(options.random.bytes(8)).toString('hex');
  }

  /** Whoever it is has shown no token of a session that lives. */
  get isStranger(): boolean {
    return this.viewing === undefined;
  }

  report(): ConnectionReport {
    return { form: 'rtsp', bytesOut: this.options.socket.bytesWritten + (this.viewing?.datagramBytes ?? 0) };
  }

  get remoteAddress(): string {
    return this.options.socket.remoteAddress ?? '';
  }

  /** Answers requests from now on. Call once. */
  start(): void {
    const { socket, onClosed } = this.options;
    socket.setNoDelay(true);
    socket.on('data', (bytes) => this.onBytes(bytes));
    socket.on('error', () => socket.destroy());
    socket.on('end', () => socket.destroy());
    socket.once('close', () => {
      this.gone.abort();
      this.silence?.[Symbol.dispose]();
      this.leave();
      onClosed();
    });
    this.heard();
  }

  close(): void {
    const { socket, clock } = this.options;
    if (this.gone.signal.aborted) return;
    this.viewing?.sayGoodbye();
    this.leave();
    this.gone.abort();
    socket.end();
    // A client that does not read would keep the connection; the socket's end is the end either way.
    const timer = clock.setTimer(CLOSE_GRACE_MS, () => socket.destroy());
    socket.once('close', () => timer[Symbol.dispose]());
  }

  /** RTCP that came over UDP from the host of this connection. True when it was of this viewer. */
  takeReport(packet: Uint8Array, port: number): boolean {
    if (this.viewing?.reportsFrom(port) !== true) return false;
    this.onReport(packet);
    return true;
  }

  private onBytes(bytes: Uint8Array): void {
    if (this.gone.signal.aborted) return;
    try {
      for (const item of this.reader.push(bytes)) this.take(item);
    } catch (error) {
      if (!(error instanceof MediaError)) throw error;
      this.options.logger.debug({ reason: error.message }, 'an RTSP client sent what is no RTSP');
      this.options.socket.end(buildRtspResponse(400, reasonOf(400), { headers: { Connection: 'close' } }));
      this.close();
      return;
    }
    this.heard();
    void this.answerAll();
  }

  private take(item: RtspMessage | InterleavedFrame): void {
    if (item.kind === 'interleaved') this.onReport(item.payload);
    else if (item.kind === 'request') this.waiting.push(item);
    if (this.waiting.length > MAX_WAITING_REQUESTS) throw new MediaError('INVALID_REQUEST', 'more requests at once than allowed');
  }

  private onReport(packet: Uint8Array): void {
    this.heard();
    try {
      if (parseRtcp(packet).some(({ type }) => type === 'bye')) this.leave();
    } catch (error) {
      if (!(error instanceof MediaError)) throw error;
    }
  }

  private async answerAll(): Promise<void> {
    if (this.isAnswering) return;
    this.isAnswering = true;
    try {
      for (let request = this.waiting.shift(); request !== undefined; request = this.waiting.shift()) await this.answerOne(request);
    } finally {
      this.isAnswering = false;
    }
  }

  private async answerOne(request: RtspRequest): Promise<void> {
    const answer = await this.answerOf(request).catch((error: unknown) => {
      const refusal = AppError.from(error);
      if (refusal.status === 'INTERNAL_ERROR') this.options.logger.error({ err: refusal }, 'an RTSP request failed');
      return refusalOf(refusal);
    });
    if (this.gone.signal.aborted) return;
    const { statusCode, headers, body } = answer;
    const own = {
      ...(/^\d{1,10}$/.test(request.headers.cseq ?? '') && { CSeq: request.headers.cseq ?? '' }),
      ...(this.viewing !== undefined && { Session: `${this.sessionId};timeout=${SESSION_TIMEOUT_SEC}` }),
    };
    this.options.socket.write(
      buildRtspResponse(statusCode, reasonOf(statusCode), { headers: { ...own, ...headers }, ...(body !== undefined && { body }) }),
    );
    if (statusCode !== 200) return;
    if (request.method === 'PLAY') this.viewing?.start();
    if (request.method === 'TEARDOWN') this.close();
  }

  private async answerOf(request: RtspRequest): Promise<RtspAnswer> {
    const { method, headers, url } = request;
    if (method === 'OPTIONS') return { statusCode: 200, headers: { Public: METHODS } };
    if (!METHODS.split(', ').includes(method)) return { statusCode: 501, headers: { Public: METHODS } };
    const named = headers.session?.split(';')[0]?.trim();
    if (named !== undefined && (this.viewing === undefined || named !== this.sessionId)) return { statusCode: 454 };
    // A keep-alive may name no stream.
    if (method === 'GET_PARAMETER') return { statusCode: 200 };
    const address = parseRtspAddress(url);
    if (address === undefined) return { statusCode: 400 };
    const viewing = await this.viewingOf(address);
    return await this.perform(request, { address, viewing });
  }

  private async perform(
    request: RtspRequest,
    { address, viewing }: { readonly address: RtspAddress; readonly viewing: RtspViewing },
  ): Promise<RtspAnswer> {
    const { signal } = this.gone;
    switch (request.method) {
      case 'DESCRIBE':
        return await viewing.describe(address, signal);
      case 'SETUP':
        return await this.withMediaErrors(() => viewing.prepare(request, address.track, signal));
      case 'PLAY':
        return viewing.play(address);
      case 'PAUSE':
        return viewing.pause();
      default:
        return { statusCode: 200 };
    }
  }

  /** A header of the client that makes no sense. */
  private async withMediaErrors(perform: () => Promise<RtspAnswer>): Promise<RtspAnswer> {
    try {
      return await perform();
    } catch (error) {
      if (error instanceof MediaError) return { statusCode: 400 };
      throw error;
    }
  }

  /** @throws AppError UNAUTHORIZED for every address that is not that of a session that lives; what the device answered */
  private async viewingOf(address: RtspAddress): Promise<RtspViewing> {
    if (this.viewing?.isOf(address)) return this.viewing;
    if (this.viewing?.isPlaying) throw new AppError('UNAUTHORIZED');
    const { admission, clock, feeds, socket, udpPorts } = this.options;
    const { source, token } = address;
    const { session, onClosed } = await admission.admit({ token, principal: async () => undefined }, source);
    using uses = new DisposableStack();
    uses.defer(onClosed);
    uses.use(session.attach(this));
    const broadcast: Broadcast = await admission.broadcastOf(session, { signal: this.gone.signal });
    if (this.gone.signal.aborted) throw new AppError('CANCELLED');
    this.leave();
    this.viewing = new RtspViewing({
      source: broadcast.source,
      token,
      broadcast,
      feed: feeds.of(broadcast),
      clock,
      socket,
      remoteAddress: this.remoteAddress,
      udpPorts,
      onOver: () => this.close(),
    });
    uses.use(this.viewing);
    this.uses = uses.move();
    this.heard();
    return this.viewing;
  }

  /** Ends the viewing and keeps the connection. */
  private leave(): void {
    this.viewing = undefined;
    this.uses.dispose();
    this.uses = new DisposableStack();
  }

  /** Begins the time anew in which something must be heard; that of a stranger runs on. */
  private heard(): void {
    if (this.isStranger && this.silence !== undefined) return;
    this.silence?.[Symbol.dispose]();
    const timeoutSec = this.isStranger ? STRANGER_TIMEOUT_SEC : SESSION_TIMEOUT_SEC;
    this.silence = this.options.clock.setTimer(timeoutSec * 1_000, () => this.onSilence());
  }

  /** Whoever watches over the connection itself shows by reading that they are there; whoever waits for an answer waits for us. */
  private onSilence(): void {
    this.silence = undefined;
    if (this.isAnswering || this.viewing?.needsSignsOfLife === false) this.heard();
    else this.close();
  }
}
