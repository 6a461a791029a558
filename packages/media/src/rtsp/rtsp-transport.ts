import { malformed } from '../media-error.ts';

/** Over what the packets of a track go: two ports, or two channels of the connection itself, for RTP and RTCP each. */
export interface RtspTransport {
  readonly kind: 'udp' | 'interleaved';
  /** Ports of the client, or channels; absent when the client leaves them to the server. */
  readonly client?: readonly [number, number];
  /** Ports of the server. */
  readonly server?: readonly [number, number];
  readonly ssrc?: number;
}

const maxAlternatives = 8;
const channels = [0, 255] as const;
const ports = [1, 65_535] as const;

/** The alternatives of a `Transport` header that are unicast RTP (RFC 2326, 12.39), the preferred one first. @throws MediaError OBJECT_MISMATCH */
export function parseTransport(header: string): readonly RtspTransport[] {
  return header.split(',').slice(0, maxAlternatives).flatMap(readAlternative);
}

function readAlternative(text: string): readonly RtspTransport[] {
  const [protocol = '', ...parameters] = text.split(';').map((part) => part.trim());
  const isUdp = /^RTP\/AVP(\/UDP)?$/i.test(protocol);
  const isTcp = /^RTP\/AVP\/TCP$/i.test(protocol);
  // RFC 2326 12.39: multicast unless the client says otherwise, but no client of these days means it.
  if (!(isUdp || isTcp) || parameters.some((parameter) => parameter.toLowerCase() === 'multicast')) return [];
  const client = isTcp ? pairOf(parameters, 'interleaved', channels) : pairOf(parameters, 'client_port', ports);
  const server = pairOf(parameters, 'server_port', ports);
  const ssrc = /^ssrc=([0-9a-f]{1,8})$/i.exec(parameters.find((parameter) => /^ssrc=/i.test(parameter)) ?? '')?.[1];
  return [
    {
      kind: isTcp ? 'interleaved' : 'udp',
      ...(client && { client }),
      ...(server && { server }),
      ...(ssrc !== undefined && { ssrc: Number.parseInt(ssrc, 16) }),
    },
  ];
}

function pairOf(
  parameters: readonly string[],
  name: string,
  [least, most]: readonly [number, number],
): readonly [number, number] | undefined {
  const value = parameters.find((parameter) => parameter.toLowerCase().startsWith(`${name}=`))?.slice(name.length + 1);
  if (value === undefined) return undefined;
  const [, firstText, secondText] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(value) ?? [];
  const first = Number(firstText ?? Number.NaN);
  const second = secondText === undefined ? first + 1 : Number(secondText);
  if (!(Math.min(first, second) >= least && Math.max(first, second) <= most))
    throw malformed(`${name} of a Transport header is out of range`);
  return [first, second];
}

/** The `Transport` header that a server answers with or a client asks with. */
export function transportHeader({ kind, client, server, ssrc }: RtspTransport): string {
  const isTcp = kind === 'interleaved';
  const parts = [isTcp ? 'RTP/AVP/TCP' : 'RTP/AVP', 'unicast'];
  if (client !== undefined) parts.push(`${isTcp ? 'interleaved' : 'client_port'}=${client.join('-')}`);
  if (server !== undefined) parts.push(`server_port=${server.join('-')}`);
  if (ssrc !== undefined) parts.push(`ssrc=${(ssrc >>> 0).toString(16).toUpperCase().padStart(8, '0')}`);
  return parts.join(';');
}
