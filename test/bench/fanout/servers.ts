import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ViewerProtocol } from './viewers.ts';

/** One server of the comparison. */
export interface Contestant extends AsyncDisposable {
  readonly name: string;
  /** All its processes. */
  readonly pids: readonly number[];
  /** Where stream number `index` is published. */
  publishUrl(index: number): Promise<string>;
  /** Where it is watched. */
  viewUrl(protocol: ViewerProtocol, index: number): string;
}

const started = (name: string, child: ChildProcess): AsyncDisposable => ({
  [Symbol.asyncDispose]: async () => {
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), 5_000);
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    clearTimeout(late);
    if (child.exitCode !== null && child.exitCode > 1) console.error(`${name} ended with ${child.exitCode}`);
  },
});

/** Processor seconds these processes used since they began, kernel included. Linux only. */
export function cpuSec(pids: readonly number[]): number {
  const tasks = pids.flatMap((pid) => readdirSync(`/proc/${pid}/task`).map((task) => `/proc/${pid}/task/${task}/schedstat`));
  return tasks.reduce((sum, path) => sum + Number(readFileSync(path, 'utf8').split(' ')[0]) / 1e9, 0);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function listening(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const socket = connect(port, '127.0.0.1');
    const outcome = await Promise.race([once(socket, 'connect').then(() => true), once(socket, 'error').then(() => false)]).catch(
      () => false,
    );
    socket.destroy();
    if (outcome) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nothing listens on port ${port}`);
}

/** Whether a program is there to compare with. */
export function hasNginx(): boolean {
  return ['/usr/lib/nginx/modules', '/usr/share/nginx/modules'].some((folder) => {
    try {
      return readdirSync(folder).includes('ngx_rtmp_module.so');
    } catch {
      return false;
    }
  });
}

/** Whether the floor can be compiled. */
export function hasCompiler(): boolean {
  return spawnSync('gcc', ['--version'], { stdio: 'ignore' }).status === 0;
}

export async function startNodeMediaServer(): Promise<Contestant> {
  await using stack = new AsyncDisposableStack();
  const [rtmp, http] = [await freePort(), await freePort()];
  const store = await mkdtemp(join(tmpdir(), 'cardea-bench-'));
  stack.defer(() => rm(store, { recursive: true, force: true }));
  const child = spawn(process.execPath, [join(import.meta.dirname, 'node-media-server.cjs'), String(rtmp), String(http), store], {
    stdio: 'ignore',
  });
  stack.use(started('node-media-server', child));
  await listening(rtmp);
  const running = stack.move();
  return {
    name: 'node-media-server',
    pids: [child.pid ?? 0],
    publishUrl: async (index) => `rtmp://127.0.0.1:${rtmp}/live/s${index}`,
    viewUrl: (_protocol, index) => `http://127.0.0.1:${http}/live/s${index}.flv`,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** nginx with its RTMP module, one worker; it is watched over RTMP. */
export async function startNginx(): Promise<Contestant> {
  const application = 'application live { live on; record off; drop_idle_publisher 30s; }';
  const { port, ...running } = await runNginx((listen) => [
    'load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;',
    'events { worker_connections 10000; }',
    `rtmp { access_log off; server { listen ${listen}; chunk_size 4096; ${application} } }`,
  ]);
  return {
    ...running,
    name: 'nginx with RTMP',
    publishUrl: async (index) => `rtmp://127.0.0.1:${port}/live/s${index}`,
    viewUrl: (_protocol, index) => `rtmp://127.0.0.1:${port}/live/s${index}`,
  };
}

/** nginx that serves the files of `root` over HTTP, one worker, as it is set up to do that fast. */
export async function startNginxFiles(root: string): Promise<Pick<Contestant, 'pids'> & AsyncDisposable & { readonly port: number }> {
  const fast = 'sendfile on; tcp_nopush on; open_file_cache max=1000; keepalive_timeout 75; keepalive_requests 1000000;';
  const server = (listen: string): string => `server { listen ${listen} backlog=1024; root ${root}; }`;
  return await runNginx((listen) => ['events { worker_connections 10000; }', `http { access_log off; ${fast} ${server(listen)} }`]);
}

async function runNginx(
  configuration: (listen: string) => readonly string[],
): Promise<Pick<Contestant, 'pids'> & AsyncDisposable & { readonly port: number }> {
  await using stack = new AsyncDisposableStack();
  const port = await freePort();
  const directory = await mkdtemp(join(tmpdir(), 'cardea-bench-'));
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  await mkdir(join(directory, 'logs'));
  const [first = '', ...others] = configuration(`127.0.0.1:${port}`);
  const whole = 'daemon off; worker_processes 1; worker_rlimit_nofile 20000; error_log logs/error.log; pid nginx.pid;';
  const lines = first.startsWith('load_module') ? [first, whole, ...others] : [whole, first, ...others];
  await writeFile(join(directory, 'nginx.conf'), lines.join('\n'));
  const child = spawn('nginx', ['-p', directory, '-c', join(directory, 'nginx.conf')], { stdio: 'ignore' });
  stack.use(started('nginx', child));
  await listening(port);
  const workers = execFileSync('ps', ['-o', 'pid=', '--ppid', String(child.pid)], { encoding: 'utf8' })
    .trim()
    .split(/\s+/)
    .map(Number);
  const running = stack.move();
  return { port, pids: [child.pid ?? 0, ...workers], [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** What each viewer gets, and how often; `tls` is for what has it. */
export interface FloorLoad {
  readonly bytes: number;
  readonly everyMs: number;
  readonly tls?: boolean;
}

/** A C program that sends a ready buffer, compiled here. */
export async function startFloor({ bytes, everyMs }: FloorLoad): Promise<Contestant> {
  return await floorOf((directory) => {
    const program = join(directory, 'send-floor');
    execFileSync('gcc', ['-O2', '-o', program, join(import.meta.dirname, 'send-floor.c')]);
    return [program, String(bytes), String(everyMs)];
  });
}

/** The same in Node, also over TLS. */
export async function startNodeFloor({ bytes, everyMs, tls = false }: FloorLoad): Promise<Contestant> {
  const floor = await floorOf((directory) => {
    const loop = [process.execPath, join(import.meta.dirname, 'node-floor.ts'), String(bytes), String(everyMs)];
    if (!tls) return loop;
    const files = ['-keyout', join(directory, 'key.pem'), '-out', join(directory, 'cert.pem')];
    const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1', '-subj', '/CN=localhost'];
    execFileSync('openssl', ['req', ...kind, ...files], { stdio: 'ignore' });
    return [...loop, directory];
  });
  return tls ? { ...floor, viewUrl: (...of) => floor.viewUrl(...of).replace('http:', 'https:') } : floor;
}

async function floorOf(make: (directory: string) => readonly string[]): Promise<Contestant> {
  const { port, pids, ...running } = await startProgram(make);
  return { ...running, name: 'floor', pids, publishUrl: async () => '', viewUrl: () => `http://127.0.0.1:${port}/` };
}

/** Runs the program `make` names, which may use the directory and prints its port. */
export async function startProgram(
  make: (directory: string) => readonly string[],
): Promise<Pick<Contestant, 'pids'> & AsyncDisposable & { readonly port: number }> {
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'cardea-bench-'));
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const [program = '', ...args] = make(directory);
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  stack.use(started('the floor', child));
  const [port] = (await once(child.stdout, 'data')) as [Buffer];
  const running = stack.move();
  return { port: Number(String(port)), pids: [child.pid ?? 0], [Symbol.asyncDispose]: () => running.disposeAsync() };
}
