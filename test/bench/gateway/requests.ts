import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** Requests between the processes of a benchmark: one at a time per process, by name, with plain data. */
export type Answers<R extends Record<string, readonly [ask: unknown, answer: unknown]>> = {
  readonly [N in keyof R]: (ask: R[N][0]) => Promise<R[N][1]>;
};

interface Ask {
  readonly name: string;
  readonly ask: unknown;
}

/** A process of the benchmark, started from the module at `path`. */
export class Worker<R extends Record<string, readonly [ask: unknown, answer: unknown]>> implements AsyncDisposable {
  private readonly child: ChildProcess;

  constructor(path: string) {
    // The certificates of a benchmark are made for it and known to nobody.
    const env = { ...process.env, NODE_TLS_REJECT_UNAUTHORIZED: '0', NODE_NO_WARNINGS: '1' };
    this.child = fork(path, { execArgv: ['--expose-gc'], env });
  }

  async request<N extends keyof R & string>(name: N, ask: R[N][0]): Promise<R[N][1]> {
    this.child.send({ name, ask } satisfies Ask);
    const answered = new AbortController();
    const heard = (event: string): Promise<unknown[]> => once(this.child, event, { signal: answered.signal });
    const [message] = await Promise.race([heard('message'), heard('exit')]);
    answered.abort();
    if (typeof message !== 'object' || message === null || !('answer' in message))
      throw new Error(`${name} failed: ${JSON.stringify(message)}`);
    return message.answer as R[N][1];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode !== null) return;
    this.child.kill('SIGKILL');
    await once(this.child, 'exit');
  }
}

/** Serves the requests of the process that started this one. */
export function answerRequests<R extends Record<string, readonly [ask: unknown, answer: unknown]>>(answers: Answers<R>): void {
  process.on('message', ({ name, ask }: Ask) => {
    const answer = answers[name];
    if (answer === undefined) throw new Error(`there is no ${name}`);
    void answer(ask).then((given) => process.send?.({ answer: given }));
  });
}

/** User and system time of this process since it began. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

export interface Memory {
  readonly rssBytes: number;
  readonly heapBytes: number;
  readonly externalBytes: number;
}

/** What this process holds after garbage was collected. */
export async function measureMemory(): Promise<Memory> {
  const { gc } = globalThis as { gc?: () => void };
  for (let round = 0; round < 3; round += 1) {
    gc?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { external, heapUsed, rss } = process.memoryUsage();
  return { rssBytes: rss, heapBytes: heapUsed, externalBytes: external };
}
