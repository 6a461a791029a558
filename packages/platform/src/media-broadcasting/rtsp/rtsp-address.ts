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
  /** Host and port as the client wrote them. */
  readonly authority: string;
}

/** `undefined` for what is no RTSP address. A track may stand behind the token too: so clients join a relative address. */
export function parseRtspAddress(text: string): RtspAddress | undefined {
  if (!/^rtsp:\/\//i.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const [, deviceId, channel, stream] = url.pathname.split('/');
  const track = /\/track(\d{1,2})(?=[/?]|$)/.exec(text)?.[1];
  return {
    source: mediaSourceOf({ deviceId, channel, stream }),
    token: /^[\w-]*/.exec(url.searchParams.get('token') ?? '')?.[0] ?? '',
    track: track === undefined ? undefined : Number(track),
    authority: url.host,
  };
}

/** Where a source is watched; with `track`, one track of it. */
export function rtspAddress(
  authority: string,
  { deviceId, channel, stream }: MediaSource,
  { token, track }: { readonly token: string; readonly track?: number },
): string {
  const path = [deviceId, channel, stream, ...(track === undefined ? [] : [`track${track}`])].join('/');
  return `rtsp://${authority}/${path}?token=${token}`;
}
