import type { PushTarget } from '@cardea/protocol';
import type { EndReason } from './live-stream.ts';

/** A push that another process of the platform began, and that goes on at this one. */
export interface TakenPush {
  readonly sessionId: string;
  /** Whether the device is led here by the media server it publishes at; otherwise it is asked by a message. */
  readonly isLed: boolean;
  /** The other process got it in vain: this one is the last to try (C5 step 4). */
  readonly isLastTry?: boolean | undefined;
}

/** What keeps the media of a broadcast coming for as long as somebody wants it. */
export interface Push {
  /** The session a device may publish here now. */
  readonly sessionId: string | undefined;
  /**
   * Resolves once the media was agreed to come; starts when nothing runs.
   * @throws AppError DEVICE_OFFLINE | DEVICE_ASLEEP | CANCELLED | what the device answered, kept in `remote`
   */
  agreement(options: { readonly signal?: AbortSignal }): Promise<void>;
  /** Goes on with `taken` once the device comes, and answers where it publishes here. */
  takeOver(taken: TakenPush): Promise<PushTarget>;
  /** Another process goes on with it: from now on the device is told nothing from here, and may publish on until it left. */
  handOver(): void;
  /** Ends it; nobody who might have to be told is waited for. */
  stop(): Promise<void>;
  /** Asks for a key frame where that can be asked for; it is not waited for. */
  requestKeyframe(): void;
  /** A publisher is there. */
  onPublishing(): void;
  /** The publisher is gone. */
  onEnded(reason: EndReason): void;
  /** The device came or went. */
  onDeviceChanged(): void;
}
