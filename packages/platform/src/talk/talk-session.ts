import { type Clock, type Link, type Timer, TokenBucket } from '@cardea/core';
import { closeCodes, encodeAudioFrame, type FrameOf, startTalkAudio, vmTimers } from '@cardea/protocol';
import type { TokenClaims } from '../tokens/token-issuer.ts';
import type { TalkFormat } from './talk-format.ts';

export interface TalkSessionOptions {
  readonly claims: TokenClaims['talk'];
  readonly homeId: string;
  readonly format: TalkFormat;
  readonly clock: Clock;
  /** It is time to tell the device that the talk goes on. */
  readonly onRenew: () => void;
  /** Called once, after the connections were closed. */
  readonly onEnded: (session: TalkSession) => void;
}

/** A session lives so long without anybody who talks. */
export const TALK_IDLE_MS = 20_000;
/** What the device is told; renewed at half of it. */
export const TALK_TTL_SEC = 60;
/** After a lost connection the device tries again for 7 s. */
const DEVICE_RETURN_MS = 10_000;
/** What is said until the device is there is kept so long. */
const WAITING_MAX_FRAMES = 1_000 / vmTimers.talkFrameMs;
/** Two seconds of G.711, five of Opus: a device further behind than that hears nothing more until it caught up. */
const BACKLOG_MAX_BYTES = 16 * 1024;
const FRAMES_PER_SECOND = 1_000 / vmTimers.talkFrameMs;

/**
 * One user who talks through one device: frames of 20 ms come in on the connection of the user and go out, numbered, on that
 * of the device. Nothing waits: what the device cannot take is dropped, since late speech is worse than a gap.
 */
export class TalkSession {
  readonly claims: TokenClaims['talk'];
  readonly homeId: string;
  readonly format: TalkFormat;
  private readonly options: TalkSessionOptions;
  private readonly pace: TokenBucket;
  private device: Link | undefined;
  private talker: Link | undefined;
  private waiting: Uint8Array[] = [];
  private seq = 0;
  private idle: Timer | undefined;
  private renewal: Timer | undefined;
  private deviceDue: Timer | undefined;
  private idleSinceAt: number;
  private over = false;

  constructor(options: TalkSessionOptions) {
    this.options = options;
    this.claims = options.claims;
    this.homeId = options.homeId;
    this.format = options.format;
    this.idleSinceAt = options.clock.now();
    this.pace = new TokenBucket({ burst: FRAMES_PER_SECOND, perSecond: FRAMES_PER_SECOND * 1.1 }, options.clock);
    this.waitForTalker();
    this.renewLater();
  }

  get id(): string {
    return this.claims.sessionId;
  }

  get ended(): boolean {
    return this.over;
  }

  /** Unix milliseconds; while somebody talks it moves on. */
  get expiresAt(): number {
    return (this.talker === undefined ? this.idleSinceAt : this.options.clock.now()) + TALK_IDLE_MS;
  }

  /** The device agreed to come: it is waited for. */
  expectDevice(): void {
    if (this.device === undefined) this.waitForDevice();
  }

  /** The device fetches what is said over `link`; one connection at a time, the newest. */
  attachDevice(link: Link): void {
    const older = this.device;
    this.device = link;
    this.deviceDue?.[Symbol.dispose]();
    older?.close(closeCodes.GOING_AWAY.code, 'replaced');
    link.open({ onText: () => {}, onBinary: () => {}, onClose: (code) => this.loseDevice(link, code) });
    link.sendText(JSON.stringify({ type: startTalkAudio.type, ...this.format, channels: 1 } satisfies FrameOf<typeof startTalkAudio>));
    for (const frame of this.waiting.splice(0)) this.send(link, frame);
    this.tell();
  }

  /** The user talks over `link`; one connection at a time, the newest. */
  attachTalker(link: Link): void {
    const older = this.talker;
    this.talker = link;
    this.idle?.[Symbol.dispose]();
    older?.close(closeCodes.POLICY_VIOLATION.code, 'opened again');
    link.open({ onText: () => {}, onBinary: (frame) => this.say(frame), onClose: () => this.loseTalker(link) });
    this.tell();
  }

  /** Lets the device go, whose answer to that ends nothing here. */
  releaseDevice(): void {
    const { device } = this;
    this.device = undefined;
    this.deviceDue?.[Symbol.dispose]();
    device?.close(closeCodes.NORMAL.code, 'over');
  }

  end(code: number, reason: string): void {
    if (this.over) return;
    this.over = true;
    for (const timer of [this.idle, this.renewal, this.deviceDue]) timer?.[Symbol.dispose]();
    this.waiting = [];
    this.talker?.close(code, reason);
    // For the device a talk that is over is over, whatever ended it.
    this.device?.close(closeCodes.NORMAL.code, 'over');
    this.options.onEnded(this);
  }

  private say(frame: Uint8Array): void {
    if (this.over || this.pace.take() > 0 || frame.length === 0) return;
    if (this.device === undefined) this.waiting.push(frame);
    else this.send(this.device, frame);
    if (this.waiting.length > WAITING_MAX_FRAMES) this.waiting.shift();
  }

  private send(link: Link, payload: Uint8Array): void {
    const { seq } = this;
    this.seq = (seq + 1) >>> 0;
    if (link.bufferedBytes <= BACKLOG_MAX_BYTES) link.sendBinary(encodeAudioFrame({ seq, payload }));
  }

  private loseDevice(link: Link, code: number): void {
    if (link !== this.device) return;
    this.device = undefined;
    if (code === closeCodes.NORMAL.code) this.end(closeCodes.NORMAL.code, 'the device ended it');
    this.tell();
    this.waitForDevice();
  }

  private loseTalker(link: Link): void {
    if (link !== this.talker) return;
    this.talker = undefined;
    this.idleSinceAt = this.options.clock.now();
    this.waitForTalker();
  }

  private waitForTalker(): void {
    if (!this.over) this.idle = this.options.clock.setTimer(TALK_IDLE_MS, () => this.end(closeCodes.NORMAL.code, 'expired'));
  }

  private waitForDevice(): void {
    if (!this.over)
      this.deviceDue = this.options.clock.setTimer(DEVICE_RETURN_MS, () =>
        this.end(closeCodes.INTERNAL_ERROR.code, 'the device does not come'),
      );
  }

  private renewLater(): void {
    this.renewal = this.options.clock.setTimer((TALK_TTL_SEC * 1_000) / 2, () => {
      this.options.onRenew();
      if (!this.over) this.renewLater();
    });
  }

  private tell(): void {
    this.talker?.sendText(JSON.stringify({ state: this.device === undefined ? 'waiting' : 'playing' }));
  }
}
