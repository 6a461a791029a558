import { request as requestPlain } from 'node:http';
import { request as requestSecure } from 'node:https';
import type { Duplex } from 'node:stream';
import { refuseUpgrade, type UpgradeHandler } from './http-server.ts';

export interface ForwardOptions {
  /** PEM of an authority to trust instead of those this machine does. */
  readonly authority?: string | undefined;
}

const CONNECT_TIMEOUT_MS = 5_000;
const BAD_GATEWAY = 502;
/** What a client proves who it is with is for the server it was sent to. */
const PRIVATE = new Set(['cookie', 'authorization', 'host']);

/**
 * Hands a connection that asked for an upgrade on to another server, which answers in our place at `target`; bytes flow as they come
 * until either end is done. A server that cannot be reached within five seconds is answered for with 502.
 */
export function forwardUpgrade(
  { request, socket, head }: Omit<Parameters<UpgradeHandler>[0], 'url'>,
  target: URL,
  { authority }: ForwardOptions,
): void {
  const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !PRIVATE.has(name)));
  const options = { headers, timeout: CONNECT_TIMEOUT_MS, ...(authority !== undefined && { ca: authority }) };
  const outgoing = (target.protocol === 'https:' ? requestSecure : requestPlain)(target, options);
  outgoing.once('timeout', () => outgoing.destroy(new Error('late')));
  outgoing.once('error', () => refuseUpgrade(socket, BAD_GATEWAY));
  outgoing.once('response', (answer) => {
    answer.resume();
    refuseUpgrade(socket, answer.statusCode ?? BAD_GATEWAY);
  });
  outgoing.once('upgrade', (answer, far, farHead) => {
    const lines = answer.rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${answer.rawHeaders[at + 1]}\r\n`] : []));
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`);
    far.setTimeout(0);
    socket.write(farHead);
    far.write(head);
    join(socket, far);
  });
  socket.once('close', () => outgoing.destroy());
  outgoing.end();
}

function join(near: Duplex, far: Duplex): void {
  for (const [from, to] of [
    [near, far],
    [far, near],
  ] as const) {
    from.pipe(to);
    from.once('error', () => to.destroy());
    from.once('close', () => to.destroy());
  }
}
