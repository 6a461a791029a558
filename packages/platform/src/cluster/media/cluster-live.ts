import type { LiveSession, PlaybackRequest, PlaybackSession } from '@cardea/api';
import { AppError } from '@cardea/core';
import type { PushTarget } from '@cardea/protocol';
import type { DeviceProof, SessionMaker } from '../../authorization/proof.ts';
import type { MediaCaller, Placed } from './media-caller.ts';
import { type MediaCallName, type MediaParams, type MediaResult, makerOf, nodeSubject, rightOf, sessionSubject } from './media-calls.ts';
import type { MediaChoice } from './media-choice.ts';
import type { LiveMedia, LiveViewer, LocalLive, PushWish, SessionWish, SourceWish, StreamOrigins, WaitOptions } from './ports.ts';

export interface ClusterLiveOptions {
  readonly caller: MediaCaller;
  readonly choice: MediaChoice;
  readonly origins: StreamOrigins;
  readonly nodeId: () => string;
  /** Live media of this process; `undefined` where it has none. */
  readonly local: LocalLive | undefined;
}

/** The device has agreed already, or is just asked. */
const PUSH_MS = 15_000;

/**
 * The live media of all processes: each session is placed where the stream is or where there is least to do, and reached where it
 * was placed. Addresses of a session that is `elsewhere` lead to another server than the one that was asked.
 */
export class ClusterLive implements LiveMedia {
  private readonly options: ClusterLiveOptions;

  constructor(options: ClusterLiveOptions) {
    this.options = options;
  }

  async startLive(proof: DeviceProof<'view.live'>, source: SourceWish, options: WaitOptions): Promise<LiveSession> {
    const { caller, local } = this.options;
    const { channel, stream } = source;
    const placed = await caller.place(
      'startLive',
      { right: rightOf(proof), source: { channel, stream } },
      {
        ...options,
        holder: await this.holderOf(proof, source),
        here: local && (() => local.startLive(proof, source, options)),
        onUnwanted: ({ sessionId }) => this.endUnwanted(proof, sessionId),
      },
    );
    return sessionOf(placed);
  }

  async startPlayback(proof: DeviceProof<'view.recordings'>, wish: PlaybackRequest, options: WaitOptions): Promise<PlaybackSession> {
    const { caller, local } = this.options;
    const placed = await caller.place(
      'startPlayback',
      { right: rightOf(proof), wish },
      {
        ...options,
        here: local && (() => local.startPlayback(proof, wish, options)),
        onUnwanted: ({ sessionId }) => this.endUnwanted(proof, sessionId),
      },
    );
    return sessionOf(placed);
  }

  async pushTarget(proof: DeviceProof, wish: PushWish): Promise<{ readonly sessionId: string; readonly target: PushTarget }> {
    const { caller, local, origins } = this.options;
    const params = { right: rightOf(proof), wish };
    const { deviceId, epoch } = proof;
    const { channel, stream } = wish;
    // Only who has the stream from the device knows the session, however much there is to do.
    const origin = await origins.find({ deviceId, channel, stream, epoch });
    if (origin !== undefined) return await caller.ask(nodeSubject(origin.node), 'pushTarget', params, PUSH_MS);
    const here = local && (() => local.pushTarget(proof, wish));
    if (here !== undefined && local?.has({ deviceId, channel, stream })) return await here();
    return (await caller.place('pushTarget', params, { here })).answer;
  }

  async playbackTarget(proof: DeviceProof, wanted: SessionWish): Promise<PushTarget> {
    const { caller, local } = this.options;
    if (local?.holds(wanted.sessionId)) return await local.playbackTarget(proof, wanted);
    const params = { right: rightOf(proof), wanted };
    const target = await caller.askIfThere(sessionSubject(wanted.sessionId), 'playbackTarget', params);
    if (target !== undefined) return target;
    return (await caller.place('playbackTarget', params, { here: local && (() => local.playbackTarget(proof, wanted)) })).answer;
  }

  /** @throws AppError SESSION_NOT_FOUND when no process has it, or it is not this user's */
  async renew(maker: SessionMaker, sessionId: string): Promise<LiveSession> {
    const { local } = this.options;
    if (local?.holds(sessionId)) return await local.renew(maker, sessionId);
    return { ...(await this.atHolder('renew', { maker: makerOf(maker), sessionId })), elsewhere: true };
  }

  /** @throws AppError SESSION_NOT_FOUND when no process has it, or it is not this user's */
  async end(maker: SessionMaker, sessionId: string): Promise<void> {
    const { local } = this.options;
    if (local?.holds(sessionId)) await local.end(maker, sessionId);
    else await this.atHolder('end', { maker: makerOf(maker), sessionId });
  }

  /** @throws AppError TIMEOUT when a process does not say who watches there: a list that misses somebody is worse than none */
  async viewers(proof: DeviceProof<'view.live'>): Promise<readonly LiveViewer[]> {
    const here = (await this.options.local?.viewers(proof)) ?? [];
    const elsewhere = await this.everywhereElse('viewers', { right: rightOf(proof) });
    return [here, ...elsewhere].flat();
  }

  async isUsed(deviceId: string): Promise<boolean> {
    if (await this.options.local?.isUsed(deviceId)) return true;
    return (await this.everywhereElse('isUsed', { deviceId })).includes(true);
  }

  private async atHolder<N extends 'renew' | 'end'>(call: N, params: MediaParams<N>): Promise<MediaResult<N>> {
    const answer = await this.options.caller.askIfThere(sessionSubject(params.sessionId), call, params);
    if (answer === undefined) throw new AppError('SESSION_NOT_FOUND');
    return answer;
  }

  /** Who is gone has nothing to answer. */
  private async everywhereElse<N extends MediaCallName>(call: N, params: MediaParams<N>): Promise<readonly MediaResult<N>[]> {
    const { caller, choice, nodeId } = this.options;
    const others = choice.all().filter((id) => id !== nodeId());
    const answers = await Promise.all(others.map((id) => caller.askIfThere(nodeSubject(id), call, params)));
    return answers.filter((answer) => answer !== undefined);
  }

  private async holderOf({ deviceId, epoch }: DeviceProof, { channel, stream }: SourceWish): Promise<string | undefined> {
    const { local, nodeId, origins } = this.options;
    if (local?.has({ deviceId, channel, stream })) return nodeId();
    return (await origins.find({ deviceId, channel, stream, epoch }))?.node;
  }

  /** Whoever asked went away meanwhile; a session that is not reached ends by itself. */
  private endUnwanted({ principal }: DeviceProof, sessionId: string): void {
    this.end(principal, sessionId).catch(() => {});
  }
}

function sessionOf<N extends 'startLive' | 'startPlayback'>({ answer, isElsewhere }: Placed<N>): MediaResult<N> {
  return isElsewhere ? { ...answer, elsewhere: true } : answer;
}
