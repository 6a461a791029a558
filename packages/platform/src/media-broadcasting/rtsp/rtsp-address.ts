import { mediaSourceOf } from '../live-path.ts';
import type { MediaSource } from '../ports.ts';

/** What the address of a request names. */
export interface RtspAddress {
  /** `undefined` when no device can have it. */
  readonly source: MediaSource | undefined;
  /** Of `?token=`; empty when there is none. */
  readonly token: string;
  /** Index of the track of a SETUP. */
  readonly track: number | undefined;
  /** Scheme, host and port as the client wrote them. */
  readonly origin: string;
}

/** `undefined` for what is no RTSP address. A track may stand behind the token too: so clients join a relative address. */
export function parseRtspAddress(text: string): RtspAddress | undefined {
  if (!/^rtsps?:\/\//i.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const [, deviceId, channel, stream] = url.pathname.split('/');
  const track = /\/track(\d{1,2})(?=[/?]|$)/.exec(text)?.[1];
  return {
    source: mediaSourceOf({ deviceId, channel, stream }),
    token: /^[\w-]*/.exec(url.searchParams.get('token') ?? '')?.[0] ?? '',
    track: track === undefined ? undefined : Number(track),
    origin: `${url.protocol}//${url.host}`,
  };
}

/** Where a source is watched; with `track`, one track of it. */
export function rtspAddress(
  origin: string,
  { deviceId, channel, stream }: MediaSource,
  { token, track }: { readonly token: string; readonly track?: number },
): string {
  const path = [deviceId, channel, stream, ...(track === undefined ? [] : [`track${track}`])].join('/');
  return `${origin}/${path}?token=${token}`;
}
