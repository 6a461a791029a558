import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const bin = join(import.meta.dirname, '..', '..', 'packages', 'cli', 'bin', 'cardea.js');
const READY_TIMEOUT_MS = 90_000;

/** One `cardea` command running as its own process, as a user would start it. */
export class CardeaProcess implements AsyncDisposable {
  private readonly child: ChildProcess;
  private readonly lines: string[] = [];
  private readonly waiting = new Set<() => void>();
  private stderr = '';

  /** @param tracer command that starts what follows it and stays out of its way, as `strace -D` does */
  constructor(args: readonly string[], env: NodeJS.ProcessEnv = {}, tracer: readonly string[] = []) {
    const [command = process.execPath, ...rest] = [...tracer, process.execPath, bin, ...args];
    this.child = spawn(command, rest, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    const { stdout, stderr } = this.child;
    if (stdout === null || stderr === null) throw new Error('the process has no output');
    createInterface(stdout).on('line', (line) => {
      this.lines.push(line);
      for (const wake of this.waiting) wake();
    });
    stderr.on('data', (chunk: Buffer) => {
      this.stderr = (this.stderr + chunk.toString('utf8')).slice(-20_000);
    });
    this.child.once('exit', () => {
      for (const wake of this.waiting) wake();
    });
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  /** The first match of `pattern` in the lines of stdout, past or still to come. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    const timeout = AbortSignal.timeout(READY_TIMEOUT_MS);
    for (;;) {
      for (const line of this.lines) {
        const match = pattern.exec(line);
        if (match !== null) return match;
      }
      if (this.child.exitCode !== null || timeout.aborted) {
        throw new Error(`${pattern} was not printed; stdout: ${this.lines.join('\n')}\nstderr: ${this.stderr}`);
      }
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.waiting.delete(wake);
          resolve();
        };
        this.waiting.add(wake);
        timeout.addEventListener('abort', wake, { once: true });
      });
    }
  }

  /** Resolves with the exit status once the process ends by itself. */
  async exited(): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
    return this.child.exitCode;
  }

  /** Sends `signal` and resolves with the exit status once the process is gone. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode;
    const exited = once(this.child, 'exit') as Promise<[number | null]>;
    this.child.kill(signal);
    return (await exited)[0];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SIGKILL');
  }
}
