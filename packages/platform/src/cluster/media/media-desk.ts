import type { Action } from '@cardea/api';
import { AppError } from '@cardea/core';
import type { Authorizer } from '../../authorization/authorizer.ts';
import type { DeviceProof } from '../../authorization/proof.ts';
import type { Exchange } from '../../store/ports.ts';
import {
  type MediaCallName,
  type MediaParams,
  type MediaResult,
  nodeSubject,
  type Right,
  readMediaCall,
  sessionSubject,
  talkChannelSubject,
  talkSubject,
} from './media-calls.ts';
import type { LocalLive, LocalTalks } from './ports.ts';

export interface MediaDeskOptions {
  readonly exchange: Exchange;
  readonly authorizer: Pick<Authorizer, 'ticket'>;
  readonly live: LocalLive;
  readonly talks: LocalTalks;
  readonly nodeId: () => string;
  /** Origin of this process. */
  readonly publicUrl: () => string;
  /** This process takes new sessions. */
  readonly isServing: () => boolean;
}

type Answers = { readonly [N in MediaCallName]: (params: MediaParams<N>) => Promise<MediaResult<N>> };

/** Does for the other processes of the platform what they ask of the live media of this one. */
export class MediaDesk {
  private readonly options: MediaDeskOptions;
  private readonly answers: Answers;

  constructor(options: MediaDeskOptions) {
    this.options = options;
    this.answers = this.makeAnswers(options);
  }

  /** Takes calls for this process, until disposed; call when it listens. */
  start(): Disposable {
    return this.serve(nodeSubject(this.options.nodeId()));
  }

  /** Takes calls for a session that is here, until disposed. */
  offerSession(sessionId: string): Disposable {
    return this.serve(sessionSubject(sessionId));
  }

  /** Takes calls for a talk that is here, and for its channel, until disposed. */
  offerTalk(talk: { readonly sessionId: string; readonly deviceId: string; readonly channel: number }): Disposable {
    const stack = new DisposableStack();
    stack.use(this.serve(talkSubject(talk.sessionId)));
    stack.use(this.serve(talkChannelSubject(talk)));
    return stack;
  }

  private serve(subject: string): Disposable {
    return this.options.exchange.serve(subject, async (body) => {
      const { call, params } = readMediaCall(body);
      const answer = this.answers[call] as (params: unknown) => Promise<unknown>;
      return await answer(params);
    });
  }

  private makeAnswers({ live, publicUrl, talks }: MediaDeskOptions): Answers {
    return {
      startLive: async ({ right, source }) => await live.startLive(await this.newcomer(right, 'view.live'), source, {}),
      startPlayback: async ({ right, wish }) => await live.startPlayback(await this.newcomer(right, 'view.recordings'), wish, {}),
      playbackTarget: async ({ right, wanted }) => await live.playbackTarget(await this.newcomer(right, right.action), wanted),
      pushTarget: async ({ right, wish }) => await live.pushTarget(await this.newcomer(right, right.action), wish),
      renew: async ({ maker, sessionId }) => await live.renew(maker, sessionId),
      end: async ({ maker, sessionId }) => {
        await live.end(maker, sessionId);
        return {};
      },
      viewers: async ({ right }) => [...(await live.viewers(await this.proof(right, 'view.live')))],
      isUsed: async ({ deviceId }) => (await live.isUsed(deviceId)) || talks.isUsed(deviceId),
      where: async () => ({ url: publicUrl() }),
      openTalk: async ({ right, wish }) => await talks.open(await this.newcomer(right, 'control'), wish, {}),
      endTalk: async ({ maker, sessionId }) => {
        await talks.end(maker, sessionId);
        return {};
      },
      talkSource: async ({ right, wanted }) => await talks.sourceFor(await this.newcomer(right, right.action), wanted),
      takeOver: async (stream) => {
        this.assertServing();
        return await live.moves.takeOver(stream);
      },
    };
  }

  /** Somebody for whom something begins here. */
  private async newcomer<A extends Action>(right: Right, action: A): Promise<DeviceProof<A>> {
    this.assertServing();
    return await this.proof(right, action);
  }

  private async proof<A extends Action>(right: Right, action: A): Promise<DeviceProof<A>> {
    return await this.options.authorizer.ticket(right, action);
  }

  private assertServing(): void {
    if (!this.options.isServing()) throw new AppError('GOING_AWAY');
  }
}
