import { AppError, hasStatus } from '@cardea/core';
import { conforms, paths } from '@cardea/protocol';
import { Type } from 'typebox';
import type { Exchange } from '../../store/ports.ts';
import type { TokenIssuer } from '../../tokens/token-issuer.ts';
import { mediaSourceOf } from '../live-path.ts';
import type { MediaSource } from '../ports.ts';

export interface OriginsOptions {
  readonly exchange: Exchange;
  readonly tokens: TokenIssuer;
  /** Origin of this process, `http` or `https`, without a slash at the end. */
  readonly publicUrl: () => string;
}

/** A stream bound at `epoch`: what was pushed for a home before is another one. */
export interface BoundSource extends MediaSource {
  readonly epoch: number;
}

const Offer = Type.Object({ url: Type.String({ pattern: '^wss?://' }) });

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

  /** Others may pull `source` from this process, until disposed. */
  offer(source: BoundSource): Disposable {
    const { exchange, publicUrl, tokens } = this.options;
    const { channel, deviceId, epoch, stream } = source;
    return exchange.serve(subjectOf(source), async () => {
      const { token } = await tokens.mint('vm-pull', { deviceId, channel, stream, epoch }, TOKEN_TTL_MS);
      return { url: `${publicUrl().replace(/^http/, 'ws')}${PULLS}/${deviceId}/${channel}/${stream}?token=${token}` };
    });
  }

  /** Address of a WebSocket like that of viewers, at a process that has `source`; `undefined` when none has. */
  async find(source: BoundSource): Promise<string | undefined> {
    try {
      const offer = await this.options.exchange.request(subjectOf(source), {}, { timeoutMs: FIND_TIMEOUT_MS });
      return conforms(Offer, offer) ? offer.url : undefined;
    } catch (error) {
      if (hasStatus(error, 'NOT_FOUND', 'TIMEOUT')) return undefined;
      throw error;
    }
  }

  /** What another process may pull that shows `token`. @throws AppError UNAUTHORIZED */
  async pulled(token: string | undefined, source: MediaSource | undefined): Promise<BoundSource> {
    if (token === undefined || source === undefined) throw new AppError('UNAUTHORIZED');
    const claims = await this.options.tokens.verify('vm-pull', token);
    const fits = claims.deviceId === source.deviceId && claims.channel === source.channel && claims.stream === source.stream;
    if (!fits) throw new AppError('UNAUTHORIZED');
    return { ...source, epoch: claims.epoch };
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
