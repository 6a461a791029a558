import type { Socket } from 'node:net';
import { AppError } from '@cardea/core';
import { PROBLEM_TYPE, problemOf } from './problem.ts';

const refusals: Readonly<Record<string, { readonly status: string; readonly message: string }>> = {
  HPE_HEADER_OVERFLOW: { status: '431 Request Header Fields Too Large', message: 'address and headers are longer than 16 KiB' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: '408 Request Timeout', message: 'the request took too long to come' },
};
const notHttp = { status: '400 Bad Request', message: 'not an HTTP request' };

/** Answers what cannot be read as a request with a problem, and closes the connection. */
export function refuseConnection({ code = '' }: NodeJS.ErrnoException, socket: Socket): void {
  if (code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const { status, message } = refusals[code] ?? notHttp;
  const error = new AppError('INVALID_REQUEST', undefined, { httpStatus: Number.parseInt(status, 10), message });
  const body = JSON.stringify(problemOf(error));
  const headers = [`Content-Type: ${PROBLEM_TYPE}`, `Content-Length: ${Buffer.byteLength(body)}`, 'Connection: close'];
  socket.write(`HTTP/1.1 ${status}\r\n${headers.join('\r\n')}\r\n\r\n${body}`);
  socket.destroySoon();
}
