import { request as requestPlain } from 'node:http';
import { request as requestSecure } from 'node:https';
import type { Duplex } from 'node:stream';
import { AppError, type Clock } from '@cardea/core';
import { refuseUpgrade, type UpgradeHandler } from './http-server.ts';

export interface ForwardOptions {
  /** PEM of an authority to trust instead of those this machine does. */
  readonly authority?: string | undefined;
  readonly clock: Clock;
}

const CONNECT_TIMEOUT_MS = 5_000;
const BAD_GATEWAY = 502;
/** A cookie is for the host it was sent to. */
const LEFT_OUT = new Set(['cookie', 'host']);

/**
 * Hands a connection that asked for an upgrade on to another server of the platform, which answers in our place at `target`; bytes flow as they come
 * until either end is done. A server that cannot be reached within five seconds is answered for with 502.
 */
export function forwardUpgrade(
  { request, socket, head }: Omit<Parameters<UpgradeHandler>[0], 'url'>,
  target: URL,
  { authority, clock }: ForwardOptions,
): void {
  const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !LEFT_OUT.has(name)));
  const options = { headers, ...(authority !== undefined && { ca: authority }) };
  const outgoing = (target.protocol === 'https:' ? requestSecure : requestPlain)(target, options);
  const late = clock.setTimer(CONNECT_TIMEOUT_MS, () => outgoing.destroy(new AppError('TIMEOUT')));
  outgoing.once('error', () => refuseUpgrade(socket, BAD_GATEWAY));
  outgoing.once('response', (answer) => {
    late[Symbol.dispose]();
    answer.resume();
    refuseUpgrade(socket, answer.statusCode ?? BAD_GATEWAY);
  });
  outgoing.once('upgrade', (answer, far, farHead) => {
    late[Symbol.dispose]();
    const lines = answer.rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${answer.rawHeaders[at + 1]}\r\n`] : []));
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`);
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
