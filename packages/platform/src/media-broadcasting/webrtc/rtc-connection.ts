import { AppError, type Clock, type Logger, type Timer } from '@cardea/core';
import type { PeerConnection } from 'node-datachannel';
import type { RtcEngine } from './rtc-engine.ts';
import type { RtcResource } from './rtc-http.ts';
import { withDtlsClient, withPublicAddress } from './session-description.ts';

export interface RtcConnectionOptions {
  readonly id: string;
  readonly engine: RtcEngine;
  readonly clock: Clock;
  readonly logger: Logger;
  /** It is over, from whichever end; called once. */
  readonly onClosed: () => void;
}

/** Between answer and the first packet: addresses are tried and keys agreed on. */
const CONNECT_MS = 20_000;

/** One peer connection that answers an offer, until either end closes it. */
export class RtcConnection implements RtcResource {
  readonly peer: PeerConnection;
  private readonly options: RtcConnectionOptions;
  private readonly deadline: Timer;
  private over = false;

  constructor(options: RtcConnectionOptions) {
    this.options = options;
    this.peer = options.engine.createPeer(options.id);
    this.deadline = options.clock.setTimer(CONNECT_MS, () => this.close());
    this.peer.onStateChange((state) => {
      if (state === 'connected') this.deadline[Symbol.dispose]();
      if (state === 'failed' || state === 'closed' || state === 'disconnected') this.close();
    });
  }

  get closed(): boolean {
    return this.over;
  }

  get iceTag(): string {
    return `"${/^a=ice-ufrag:(\S+)/m.exec(this.peer.remoteDescription()?.sdp ?? '')?.[1] ?? ''}"`;
  }

  /** The answer to `offer`; `addTracks` adds what is to go each way. @throws AppError INVALID_PARAMS | CANCELLED */
  async answer(offer: string, addTracks: () => void): Promise<string> {
    try {
      this.peer.setRemoteDescription(withDtlsClient(offer), 'offer');
      addTracks();
      this.peer.setLocalDescription('answer');
    } catch (cause) {
      throw new AppError('INVALID_PARAMS', undefined, { cause, message: 'the offer cannot be answered' });
    }
    await this.gathered();
    const sdp = this.peer.localDescription()?.sdp;
    if (sdp === undefined || this.over) throw new AppError('CANCELLED');
    return withPublicAddress(sdp, this.options.engine.publicAddress);
  }

  addCandidate({ mid, candidate }: { readonly mid: string; readonly candidate: string }): void {
    try {
      this.peer.addRemoteCandidate(candidate, mid);
    } catch (error) {
      // A candidate of a kind unknown here is one way less, and no reason to give up the others.
      this.options.logger.debug({ err: error }, 'a candidate was left out');
    }
  }

  close(): void {
    if (this.over) return;
    this.over = true;
    this.deadline[Symbol.dispose]();
    this.peer.close();
    this.options.onClosed();
  }

  private async gathered(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = (): void => {
      if (this.over || this.peer.gatheringState() === 'complete') resolve();
    };
    this.peer.onGatheringStateChange(look);
    look();
    using _deadline = this.options.clock.setTimer(CONNECT_MS, resolve);
    await promise;
  }
}
