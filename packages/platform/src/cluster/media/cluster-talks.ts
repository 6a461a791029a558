import type { TalkRequest, TalkSession } from '@cardea/api';
import { AppError } from '@cardea/core';
import type { DeviceProof, SessionMaker } from '../../authorization/proof.ts';
import type { MediaCaller, Placing } from './media-caller.ts';
import { type MediaParams, type MediaResult, makerOf, rightOf, talkChannelSubject, talkSubject } from './media-calls.ts';
import type { LocalTalks, TalkMedia, TalkSource, TalkSourceWish, WaitOptions } from './ports.ts';

export interface ClusterTalksOptions {
  readonly caller: MediaCaller;
  /** Talks of this process; `undefined` where it has none. */
  readonly local: LocalTalks | undefined;
}

/** The talks of all processes. Whoever talks on a channel does so at one of them, which knows who came first. */
export class ClusterTalks implements TalkMedia {
  private readonly options: ClusterTalksOptions;

  constructor(options: ClusterTalksOptions) {
    this.options = options;
  }

  async open(proof: DeviceProof<'control'>, wish: TalkRequest, options: WaitOptions): Promise<TalkSession> {
    const { local } = this.options;
    const { answer, isElsewhere } = await this.atChannel(
      'openTalk',
      proof,
      wish.channel,
      { right: rightOf(proof), wish },
      {
        ...options,
        here: local && (() => local.open(proof, wish, options)),
        onUnwanted: ({ sessionId }) => void this.end(proof.principal, sessionId).catch(() => {}),
      },
    );
    return isElsewhere ? { ...answer, elsewhere: true } : answer;
  }

  /** @throws AppError SESSION_NOT_FOUND when no process has it, or it is not this user's */
  async end(maker: SessionMaker, sessionId: string): Promise<void> {
    const { caller, local } = this.options;
    if (local?.holds(sessionId)) return await local.end(maker, sessionId);
    const answer = await caller.askIfThere(talkSubject(sessionId), 'endTalk', { maker: makerOf(maker), sessionId });
    if (answer === undefined) throw new AppError('SESSION_NOT_FOUND');
  }

  async sourceFor(proof: DeviceProof, wanted: TalkSourceWish): Promise<TalkSource> {
    const { local } = this.options;
    const here = local && (() => local.sourceFor(proof, wanted));
    return (await this.atChannel('talkSource', proof, wanted.channel, { right: rightOf(proof), wanted }, { here })).answer;
  }

  /** Where somebody talks on the channel already, else at any. */
  private async atChannel<N extends 'openTalk' | 'talkSource'>(
    call: N,
    { deviceId }: DeviceProof,
    channel: number,
    params: MediaParams<N>,
    placing: Placing<N>,
  ): Promise<{ readonly answer: MediaResult<N>; readonly isElsewhere: boolean }> {
    const { caller, local } = this.options;
    if (placing.here !== undefined && local?.holdsChannel({ deviceId, channel }))
      return { answer: await placing.here(), isElsewhere: false };
    const answer = await caller.askIfThere(talkChannelSubject({ deviceId, channel }), call, params, TALK_MS);
    if (answer !== undefined) return { answer, isElsewhere: true };
    return await caller.place(call, params, placing);
  }
}

/** Somebody who talks already has woken the device. */
const TALK_MS = 15_000;
