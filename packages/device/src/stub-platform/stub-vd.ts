import type { Clock } from '@cardea/core';
import type { WebSocket } from 'ws';

// biome-ignore lint/suspicious/noExplicitAny: the stub reads the wire as it is, so that a test can look at every member
export type Json = Record<string, any>;

export interface Received {
  readonly id?: string | number;
  readonly method: string;
  readonly params: Json;
}

/** One Vd connection seen from the platform: JSON-RPC by hand. */
export class StubVd {
  readonly deviceId: string;
  readonly received: Received[] = [];
  closeCode: number | undefined;
  /** Answers by method; `undefined` leaves the message without an answer. A thrown object is sent as the error. */
  readonly answers: Record<string, (params: Json) => unknown> = {};
  private readonly socket: WebSocket;
  private readonly pending = new Map<number, (message: Json) => void>();
  private nextId = 1;

  constructor(socket: WebSocket, deviceId: string, clock: Clock) {
    this.socket = socket;
    this.deviceId = deviceId;
    this.answers['device.keepAlive'] = () => ({ serverTime: clock.now() });
    socket.on('message', (data) => this.receive(JSON.parse(data.toString())));
    socket.on('close', (code) => {
      this.closeCode = code;
    });
  }

  /** Messages of one method, oldest first. */
  all(method: string): Received[] {
    return this.received.filter((message) => message.method === method);
  }

  /** Sends a request; resolves with the whole answer, `result` or `error`. */
  request(method: string, params: Json): Promise<Json> {
    const id = this.nextId++;
    return new Promise((resolve) => {
      this.pending.set(id, resolve);
      this.socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    });
  }

  close(code: number): void {
    this.socket.close(code, 'test');
  }

  /** Breaks the connection without a close frame. */
  cut(): void {
    this.socket.terminate();
  }

  private receive(message: Json): void {
    if (typeof message.method !== 'string') {
      this.pending.get(message.id)?.(message);
      this.pending.delete(message.id);
      return;
    }
    this.received.push({ id: message.id, method: message.method, params: message.params });
    if (message.id === undefined) return;
    try {
      const result = this.answers[message.method]?.(message.params);
      if (result !== undefined) this.socket.send(JSON.stringify({ jsonrpc: '2.0', id: message.id, result }));
    } catch (error) {
      this.socket.send(JSON.stringify({ jsonrpc: '2.0', id: message.id, error }));
    }
  }
}

/** An error as a platform sends it. */
export function wireError(code: number, name: string, more: Json = {}): Json {
  return { code, message: name, data: { name, retryable: false, ...more } };
}
