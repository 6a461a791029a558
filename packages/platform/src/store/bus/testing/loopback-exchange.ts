import { AppError } from '@cardea/core';
import type { Exchange } from '../../ports.ts';

type Listener = (body: unknown) => void;
type Server = (body: unknown) => Promise<unknown>;

/** Joins processes that are all in this one: what one end announces, the others hear in a later microtask. */
export class LoopbackExchange {
  private readonly ends: End[] = [];

  /** The end of one more process. */
  end(): Exchange {
    const end = new End(this.ends);
    this.ends.push(end);
    return end;
  }
}

class End implements Exchange {
  readonly listeners = new Map<string, Set<Listener>>();
  readonly servers = new Map<string, Server>();
  private readonly ends: readonly End[];

  constructor(ends: readonly End[]) {
    this.ends = ends;
  }

  announce(subject: string, body: unknown): void {
    const copy: unknown = structuredClone(body);
    for (const other of this.others()) {
      queueMicrotask(() => {
        for (const listener of other.listeners.get(subject) ?? []) listener(copy);
      });
    }
  }

  listen(subject: string, onBody: Listener): Disposable {
    const ofSubject = this.listeners.get(subject) ?? new Set();
    this.listeners.set(subject, ofSubject.add(onBody));
    return { [Symbol.dispose]: () => void ofSubject.delete(onBody) };
  }

  serve(subject: string, answer: Server): Disposable {
    this.servers.set(subject, answer);
    return { [Symbol.dispose]: () => void this.servers.delete(subject) };
  }

  async request(subject: string, body: unknown): Promise<unknown> {
    const [answer] = this.others().flatMap(({ servers }) => servers.get(subject) ?? []);
    if (answer === undefined) throw new AppError('NOT_FOUND', { subject });
    return await answer(structuredClone(body));
  }

  watchReturn(): Disposable {
    return { [Symbol.dispose]: () => {} };
  }

  private others(): readonly End[] {
    return this.ends.filter((end) => end !== this);
  }
}
