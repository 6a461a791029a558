import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface NatsServer extends AsyncDisposable {
  readonly url: string;
  /** Neither takes nor hands on anything until `resume`; its connections stay open, as behind a broken network. */
  pause(): void;
  resume(): void;
}

/** A NATS server of its own on a free port of this machine. */
export async function startNatsServer(): Promise<NatsServer> {
  const child = spawn('nats-server', ['-a', '127.0.0.1', '-p', '-1'], { stdio: ['ignore', 'ignore', 'pipe'] });
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  for await (const line of createInterface(child.stderr)) {
    const [, address] = /Listening for client connections on (\S+)/.exec(line) ?? [];
    if (address === undefined) continue;
    child.stderr.resume();
    return {
      url: `nats://${address}`,
      pause: () => void child.kill('SIGSTOP'),
      resume: () => void child.kill('SIGCONT'),
      [Symbol.asyncDispose]: stop,
    };
  }
  throw new Error('nats-server ended before it listened');
}
