import type { Clock, Logger } from '@cardea/core';
import type { Authorizer } from '../../authorization/authorizer.ts';
import type { Exchange } from '../../store/ports.ts';
import type { NodeRegistry } from '../node-registry.ts';
import { ClusterLive } from './cluster-live.ts';
import { ClusterTalks } from './cluster-talks.ts';
import { MediaCaller } from './media-caller.ts';
import { MediaChoice } from './media-choice.ts';
import { MediaDesk } from './media-desk.ts';
import { MediaDoor, type MediaDoorOptions } from './media-door.ts';
import { MediaDrain } from './media-drain.ts';
import type { LiveMedia, LocalLive, LocalTalks, MovableStream, StreamOrigins, TalkMedia } from './ports.ts';

export interface ClusterMediaOptions {
  readonly exchange: Exchange;
  readonly nodes: NodeRegistry;
  readonly authorizer: Pick<Authorizer, 'ticket'>;
  readonly origins: StreamOrigins;
  readonly nodeId: () => string;
  /** Origin of this process, `http` or `https`, without a slash at the end. */
  readonly publicUrl: () => string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Live media of a process. */
export interface MediaHere {
  readonly live: LocalLive;
  readonly talks: LocalTalks;
}

/** The live media of a platform of several processes, as one of them sees it. */
export class ClusterMedia implements Disposable {
  private readonly options: ClusterMediaOptions;
  private readonly choice: MediaChoice;
  private readonly caller: MediaCaller;
  private readonly stack = new DisposableStack();
  private desk: MediaDesk | undefined;
  private drainage: MediaDrain | undefined;

  constructor(options: ClusterMediaOptions) {
    this.options = options;
    this.choice = new MediaChoice(options.nodes);
    this.caller = new MediaCaller({ ...options, choice: this.choice });
  }

  /** The media of all processes, of which this one has those of `here`, or none. */
  join(here: MediaHere | undefined): { readonly live: LiveMedia; readonly talks: TalkMedia } {
    const { nodes } = this.options;
    const shared = { ...this.options, caller: this.caller, choice: this.choice };
    if (here !== undefined) {
      this.desk = new MediaDesk({ ...shared, ...here, isServing: () => nodes.self().state === 'serving' });
      this.drainage = new MediaDrain({ ...shared, ...here });
    }
    return { live: new ClusterLive({ ...shared, local: here?.live }), talks: new ClusterTalks({ ...shared, local: here?.talks }) };
  }

  /** Leads whoever asks this process for live media, of which it has none. */
  openDoor(options: Omit<MediaDoorOptions, 'caller'>): MediaDoor {
    return new MediaDoor({ ...options, caller: this.caller });
  }

  /** Takes calls of the others; call when this process listens. */
  start(): void {
    if (this.desk !== undefined) this.stack.use(this.desk.start());
  }

  /** Lets the others reach a session that is here, until disposed. */
  offerSession(sessionId: string): Disposable {
    return this.desk?.offerSession(sessionId) ?? new DisposableStack();
  }

  /** Lets the others reach a talk that is here, until disposed. */
  offerTalk(talk: { readonly sessionId: string; readonly deviceId: string; readonly channel: number }): Disposable {
    return this.desk?.offerTalk(talk) ?? new DisposableStack();
  }

  /** Has another process get `stream` from its device. @throws AppError NO_CAPACITY when there is none */
  async placeElsewhere(stream: MovableStream): Promise<void> {
    await this.caller.placeElsewhere('takeOver', stream);
  }

  /** Moves what is published and watched here to others, as far as there are any. */
  async drain(): Promise<void> {
    if (this.drainage?.hasHeir) await this.drainage.run();
  }

  [Symbol.dispose](): void {
    this.stack.dispose();
  }
}
