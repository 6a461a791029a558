import { AppError, hasStatus } from '@cardea/core';
import { conforms, paths } from '@cardea/protocol';
import { type Static, Type } from 'typebox';
import type { Exchange } from '../../store/ports.ts';
import type { TokenIssuer } from '../../tokens/token-issuer.ts';
import { mediaSourceOf } from '../live-path.ts';
import type { MediaSource } from '../ports.ts';

export interface OriginsOptions {
  readonly exchange: Exchange;
  readonly tokens: TokenIssuer;
  /** Origin of this process, `http` or `https`, without a slash at the end. */
  readonly publicUrl: () => string;
  /** Name of this process among those of the platform. */
  readonly nodeId: () => string;
  /** PEM of the authority of the other processes, where the platform has one of its own. */
  readonly authority?: string | undefined;
}

/** A stream bound at `epoch`: what was pushed for a home before is another one. */
export interface BoundSource extends MediaSource {
  readonly epoch: number;
}

const Offer = Type.Object({
  /** Address of a WebSocket like that of viewers. */
  url: Type.String({ pattern: '^wss?://' }),
  /** Name of the process that has the stream. */
  node: Type.String(),
});
export type Origin = Static<typeof Offer>;

/** Asked by a process that is about to get the stream from the device itself. */
const Claim = Type.Object({ claimant: Type.String() });

/** The answer comes from memory: whoever takes longer is in no state to serve. */
const FIND_TIMEOUT_MS = 1_000;
const TOKEN_TTL_MS = 60_000;
const PULLS = `${paths.vm}/pulls`;

/** Which processes of the platform get a stream from its device, so that the others get it from them. */
export class Origins {
  private readonly options: OriginsOptions;

  constructor(options: OriginsOptions) {
    this.options = options;
  }

  /** PEM of the authority whose certificates the other processes show; `undefined`: one that this machine trusts. */
  get authority(): string | undefined {
    return this.options.authority;
  }

  /** Others may pull `source` from this process, until disposed. */
  offer(source: BoundSource): Disposable {
    return this.serve(source, () => false);
  }

  /**
   * As `offer`, unless another process does the same at this moment: then `undefined`, and `find` knows that one. Of two that claim
   * at the same time the one whose name sorts first wins.
   */
  async claim(source: BoundSource): Promise<Disposable | undefined> {
    const claim = { claimant: this.options.nodeId(), isSettled: false, isYielded: false };
    const offer = this.serve(source, (body) => {
      if (!claim.isSettled && conforms(Claim, body) && body.claimant < claim.claimant) claim.isYielded = true;
      return claim.isYielded;
    });
    using stack = new DisposableStack();
    stack.use(offer);
    const rival = await this.ask(source, { claimant: claim.claimant } satisfies Static<typeof Claim>);
    claim.isSettled = true;
    if (rival !== undefined || claim.isYielded) return undefined;
    stack.move();
    return offer;
  }

  /** The process that has `source`; `undefined` when none has. */
  async find(source: BoundSource): Promise<Origin | undefined> {
    return await this.ask(source, {});
  }

  /** What another process may pull that shows `token`. @throws AppError UNAUTHORIZED */
  async pulled(token: string | undefined, source: MediaSource | undefined): Promise<BoundSource> {
    if (token === undefined || source === undefined) throw new AppError('UNAUTHORIZED');
    const claims = await this.options.tokens.verify('vm-pull', token);
    const fits = claims.deviceId === source.deviceId && claims.channel === source.channel && claims.stream === source.stream;
    if (!fits) throw new AppError('UNAUTHORIZED');
    return { ...source, epoch: claims.epoch };
  }

  private serve({ channel, deviceId, epoch, stream }: BoundSource, yieldsTo: (body: unknown) => boolean): Disposable {
    const { exchange, nodeId, publicUrl, tokens } = this.options;
    return exchange.serve(subjectOf({ channel, deviceId, epoch, stream }), async (body) => {
      if (yieldsTo(body)) return {};
      const { token } = await tokens.mint('vm-pull', { deviceId, channel, stream, epoch }, TOKEN_TTL_MS);
      const url = `${publicUrl().replace(/^http/, 'ws')}${PULLS}/${deviceId}/${channel}/${stream}?token=${token}`;
      return { url, node: nodeId() } satisfies Origin;
    });
  }

  private async ask(source: BoundSource, body: object): Promise<Origin | undefined> {
    try {
      const offer = await this.options.exchange.request(subjectOf(source), body, { timeoutMs: FIND_TIMEOUT_MS });
      return conforms(Offer, offer) ? offer : undefined;
    } catch (error) {
      if (hasStatus(error, 'NOT_FOUND', 'TIMEOUT')) return undefined;
      throw error;
    }
  }
}

/** What a path below `/vm/v1/pulls/` names; `undefined` for another path. */
export function pulledSourceOf(path: string): MediaSource | undefined {
  if (!path.startsWith(`${PULLS}/`)) return undefined;
  const [deviceId, channel, stream, ...more] = path.slice(PULLS.length + 1).split('/');
  return more.length > 0 ? undefined : mediaSourceOf({ deviceId, channel, stream });
}

function subjectOf({ deviceId, channel, stream, epoch }: BoundSource): string {
  return `live.origin.${deviceId}.${epoch}.${channel}.${stream}`;
}
