import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';

/** An ACME server of its own, and the name server by which it finds every name on this machine. */
export interface Pebble extends AsyncDisposable {
  readonly directoryUrl: string;
  /** Trusts its certificate. */
  readonly agent: Agent;
  /** Ends it, as an authority that is away. */
  stop(): Promise<void>;
}

/**
 * Starts pebble, which Debian packages, in `directory`.
 * @param httpPort where it looks for challenges
 */
export async function startPebble(directory: string, httpPort: number): Promise<Pebble> {
  const [cert, key, config] = ['pebble.crt', 'pebble.key', 'pebble.json'].map((name) => join(directory, name)) as [string, string, string];
  const made = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-keyout',
    key,
    '-out',
    cert,
    '-days',
    '2',
  ];
  execFileSync('openssl', [...made, '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'], { stdio: 'ignore' });
  const [port, management] = [await freePort(), await freePort()];
  const pebble = {
    ...{ listenAddress: `127.0.0.1:${port}`, managementListenAddress: `127.0.0.1:${management}`, certificate: cert, privateKey: key },
    ...{ httpPort, tlsPort: await freePort(), ocspResponderURL: '' },
  };
  await writeFile(config, JSON.stringify({ pebble }));
  const dns = await freeUdpPort();
  const off = ['http01', 'https01', 'tlsalpn01'].flatMap((name) => [`-${name}`, '']);
  const names = spawn(
    'pebble-challtestsrv',
    [...off, '-dns01', `127.0.0.1:${dns}`, '-defaultIPv6', '', '-management', `127.0.0.1:${await freePort()}`],
    { stdio: 'ignore' },
  );
  const server = spawn('pebble', ['-config', config, '-dnsserver', `127.0.0.1:${dns}`], {
    stdio: 'ignore',
    // It neither dawdles nor refuses for practice.
    env: { ...process.env, PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '0' },
  });
  const agent = new Agent({ ca: await readFile(cert) });
  const directoryUrl = `https://127.0.0.1:${port}/dir`;
  while (!(await answers(directoryUrl, agent))) {
    if (server.exitCode !== null) throw new Error('pebble ended before it answered');
  }
  return {
    directoryUrl,
    agent,
    stop: () => end(server),
    [Symbol.asyncDispose]: async () => {
      agent.destroy();
      await Promise.all([end(server), end(names)]);
    },
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

function answers(url: string, agent: Agent): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request(url, { agent }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode === 200));
    });
    asked.on('error', () => setImmediate(() => resolve(false)));
    asked.end();
  });
}

/** Of a program that cannot take any free one itself. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}
