import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

export interface RtspCameraSetting {
  /** Films by the path each is sent at. */
  readonly films: Readonly<Record<string, { readonly codec: 'h264' | 'h265'; readonly file: string }>>;
  readonly login?: { readonly user: string; readonly password: string; readonly method: 'digest' | 'basic' };
  /** Where it was before; absent: any free port. */
  readonly port?: number;
}

/** A camera of another maker, a process of its own. Its films begin when somebody watches and end with their last picture. */
export class RtspCamera implements AsyncDisposable {
  readonly port: number;
  private readonly child: ChildProcessByStdio<null, Readable, null>;

  private constructor(child: ChildProcessByStdio<null, Readable, null>, port: number) {
    this.child = child;
    this.port = port;
  }

  static async start({ films, login, port = 0 }: RtspCameraSetting): Promise<RtspCamera> {
    const { user = '', password = '', method = 'digest' } = login ?? {};
    const streams = Object.entries(films).map(([path, { codec, file }]) => `${path}=${codec}=${file}`);
    // Not the first of the PATH: the bindings are Debian's.
    const command = [join(import.meta.dirname, 'rtsp-camera.py'), String(port), user, password, method, ...streams];
    const child = spawn('/usr/bin/python3', command, { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(createInterface(child.stdout), 'line');
    return new RtspCamera(child, Number(line));
  }

  /** As when somebody pulls the plug. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }
}
