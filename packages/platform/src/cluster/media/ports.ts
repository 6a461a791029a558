import type { LiveSession, PlaybackRequest, PlaybackSession, TalkRequest, TalkSession, Viewer } from '@cardea/api';
import type { AudioCodec, ParamsOf, PushTarget, StreamName, startTalking } from '@cardea/protocol';
import type { DeviceProof, SessionMaker } from '../../authorization/proof.ts';

/** What is asked of live media, of one process or of all together, and what one process must be able to besides. */

export interface WaitOptions {
  readonly signal?: AbortSignal;
}

type MaybeAwaited<T> = T | Promise<T>;

export interface SourceWish {
  readonly channel: number;
  readonly stream: StreamName;
}

export interface PushWish extends SourceWish {
  readonly ttlSec: number;
}

export interface SessionWish {
  readonly channel: number;
  readonly sessionId: string;
}

export type LiveViewer = Omit<Viewer, 'userName'>;

/** Watching, live and recorded. */
export interface LiveMedia {
  startLive(proof: DeviceProof<'view.live'>, source: SourceWish, options: WaitOptions): Promise<LiveSession>;
  startPlayback(proof: DeviceProof<'view.recordings'>, wish: PlaybackRequest, options: WaitOptions): Promise<PlaybackSession>;
  /** Where the device publishes a playback that is asked for by a plain message. */
  playbackTarget(proof: DeviceProof, wanted: SessionWish): Promise<PushTarget>;
  /** The session of a push that is asked for by a plain message, and where the device publishes it. */
  pushTarget(proof: DeviceProof, wish: PushWish): Promise<{ readonly sessionId: string; readonly target: PushTarget }>;
  renew(maker: SessionMaker, sessionId: string): Promise<LiveSession>;
  end(maker: SessionMaker, sessionId: string): MaybeAwaited<void>;
  viewers(proof: DeviceProof<'view.live'>): MaybeAwaited<readonly LiveViewer[]>;
  isUsed(deviceId: string): MaybeAwaited<boolean>;
}

export interface TalkSourceWish extends SessionWish {
  readonly format: { readonly codec: AudioCodec; readonly sampleRate: number };
}

export type TalkSource = ParamsOf<typeof startTalking>['source'];

/** Talking through devices. */
export interface TalkMedia {
  open(proof: DeviceProof<'control'>, wish: TalkRequest, options: WaitOptions): Promise<TalkSession>;
  end(maker: SessionMaker, sessionId: string): MaybeAwaited<void>;
  sourceFor(proof: DeviceProof, wanted: TalkSourceWish): Promise<TalkSource>;
}

/** A stream a device publishes at one process, as another must know it to go on with it. */
export interface MovableStream extends SourceWish {
  readonly deviceId: string;
  readonly homeId: string;
  readonly epoch: number;
  readonly sessionId: string;
  /** Whether the process it is published at leads the device; otherwise the other one asks it by a message. */
  readonly isLed: boolean;
  /** The device did not come to the process it was sent to first. */
  readonly isLastTry?: boolean | undefined;
}

/** A recording that a device publishes for one session at one process. */
export interface MovablePlayback {
  readonly sessionId: string;
  readonly deviceId: string;
  readonly epoch: number;
  readonly channel: number;
  readonly userId: string;
  readonly userSessionId: string;
}

/** The live media of this process. */
export interface LocalLive extends LiveMedia {
  /** Whether a stream is here, got from the device or from another process. */
  has(source: SourceWish & { readonly deviceId: string }): boolean;
  /** Whether the session is here. */
  holds(sessionId: string): boolean;
  readonly moves: {
    movable(): readonly MovableStream[];
    takeOver(stream: MovableStream): Promise<PushTarget>;
    handOver(stream: MovableStream, target: PushTarget): Promise<void>;
  };
  readonly playbacks: {
    movable(): readonly MovablePlayback[];
    handOver(sessionId: string, target: PushTarget): Promise<void>;
  };
  dismissViewers(overMs: number): Promise<void>;
  snapshot(): { readonly sessions: number; readonly viewers: number; readonly bytesIn: number; readonly bytesOut: number };
}

/** The talks of this process. */
export interface LocalTalks extends TalkMedia {
  isUsed(deviceId: string): boolean;
  holds(sessionId: string): boolean;
  holdsChannel(channel: { readonly deviceId: string; readonly channel: number }): boolean;
  /** Sends away whoever talks. */
  dismiss(): Promise<void>;
}

/** Knows which process has a stream from its device. */
export interface StreamOrigins {
  find(source: SourceWish & { readonly deviceId: string; readonly epoch: number }): Promise<{ readonly node: string } | undefined>;
}
