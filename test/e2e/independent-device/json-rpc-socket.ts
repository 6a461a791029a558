import type { WebSocket } from 'ws';
import { isObject, type Json, numberAt, parseObject, Refusal, textAt } from './json.ts';

const ANSWER_TIMEOUT_MS = 10_000;

/** Answers one request of the other end. @throws Refusal */
export type Answer = (method: string, params: Json) => Json;

/** JSON-RPC 2.0 in both directions over one open socket (B3). */
export class JsonRpcSocket {
  /** Resolves with the close code when the socket is gone. */
  readonly closed: Promise<number>;
  private readonly socket: WebSocket;
  private readonly answer: Answer;
  private readonly waiting = new Map<unknown, PromiseWithResolvers<Json>>();
  private lastId = 0;

  constructor(socket: WebSocket, answer: Answer) {
    this.socket = socket;
    this.answer = answer;
    socket.on('message', (data: Buffer) => this.onMessage(parseObject(data.toString('utf8'))));
    this.closed = new Promise((resolve) => {
      socket.once('close', (code) => {
        for (const { reject } of this.waiting.values()) reject(new Refusal(1016, `the connection was closed with ${code}`));
        resolve(code);
      });
    });
  }

  /** Sends a request and resolves with its result. @throws Refusal with the code of the answer, or 1005 without an answer */
  async request(method: string, params: Json): Promise<Json> {
    this.lastId += 1;
    const id = this.lastId;
    const pending = Promise.withResolvers<Json>();
    const timer = setTimeout(() => pending.reject(new Refusal(1005, `${method} was not answered`)), ANSWER_TIMEOUT_MS);
    this.waiting.set(id, pending);
    this.socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    try {
      return await pending.promise;
    } finally {
      clearTimeout(timer);
      this.waiting.delete(id);
    }
  }

  /** Says goodbye with `code`. */
  close(code: number): void {
    this.socket.close(code);
  }

  private onMessage(message: Json): void {
    if (typeof message.method === 'string') this.onRequest(message.method, message);
    else this.onAnswer(message);
  }

  private onAnswer({ id, result, error }: Json): void {
    const pending = this.waiting.get(id);
    if (isObject(error)) pending?.reject(new Refusal(numberAt(error, 'code'), textAt(error, 'message'), undefined, error));
    else pending?.resolve(isObject(result) ? result : {});
  }

  private onRequest(method: string, { id, params = {} }: Json): void {
    const outcome = this.outcome(method, params);
    if (id !== undefined) this.socket.send(JSON.stringify({ jsonrpc: '2.0', id, ...outcome }));
  }

  private outcome(method: string, params: unknown): Json {
    try {
      if (!isObject(params)) throw new Refusal(-32602, 'params must be an object');
      return { result: this.answer(method, params) };
    } catch (error) {
      const { code, reason } = error instanceof Refusal ? error : new Refusal(1000, String(error));
      return { error: { code, message: reason, data: { name: reason, retryable: false } } };
    }
  }
}
