import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AppError } from '@cardea/core';
import type { ListenAddress } from '../../listen-address.ts';

const PATH = '/.well-known/acme-challenge/';
const MAX_CONNECTIONS = 100;
const REQUEST_MS = 10_000;

/**
 * The plain HTTP port at which an ACME server makes sure that the names lead here (RFC 8555 8.3). Whatever else is asked for
 * is led to the address over TLS.
 */
export class AcmeChallenges implements AsyncDisposable {
  private readonly answers = new Map<string, string>();
  private readonly address: ListenAddress;
  private readonly origin: string;
  private readonly server: Server;

  /** @param origin over TLS */
  constructor(address: ListenAddress, origin: string) {
    this.address = address;
    this.origin = origin;
    this.server = createServer({ requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS }, (request, response) =>
      this.answer(request, response),
    );
    this.server.maxConnections = MAX_CONNECTIONS;
  }

  /** Listens, unless it does. Returns the port. @throws AppError INVALID_STATE when the port cannot be used */
  async open(): Promise<number> {
    const { server } = this;
    const { host, port } = this.address;
    if (!server.listening) {
      await new Promise<void>((resolve, reject) => {
        const fail = (cause: Error): void =>
          reject(new AppError('INVALID_STATE', { host, port }, { cause, message: `cannot listen on ${host}:${port}: ${cause.message}` }));
        server.once('error', fail);
        server.listen(port, host, () => {
          server.off('error', fail);
          resolve();
        });
      });
    }
    return (server.address() as AddressInfo).port;
  }

  add(token: string, answer: string): void {
    this.answers.set(token, answer);
  }

  remove(token: string): void {
    this.answers.delete(token);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.server.listening) return;
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private answer({ method, url = '/' }: IncomingMessage, response: ServerResponse): void {
    const answer = url.startsWith(PATH) ? this.answers.get(url.slice(PATH.length)) : undefined;
    if (answer !== undefined) return void response.setHeader('content-type', 'application/octet-stream').end(answer);
    if (method !== 'GET' && method !== 'HEAD') return void response.writeHead(405, { connection: 'close' }).end();
    const { pathname, search } = URL.parse(url, 'http://localhost') ?? { pathname: '/', search: '' };
    response.writeHead(308, { location: this.origin + pathname + search }).end();
  }
}
