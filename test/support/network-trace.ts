import { readFile } from 'node:fs/promises';

/** Where a process connected or sent to. */
export interface Destination {
  readonly how: 'connected' | 'sent';
  /** IP address, or path of a Unix socket. */
  readonly address: string;
  /** 0 for a Unix socket. */
  readonly port: number;
}

/** Runs what follows it as a child of the caller and adds to `log` whom it and its children connect and send to. */
export function networkTracer(log: string): readonly string[] {
  return ['strace', '-D', '-f', '-A', '--seccomp-bpf', '-e', 'trace=connect,sendto,sendmsg,sendmmsg', '-o', log];
}

const callPattern = /^\d+ +(connect|sendto|sendmsg|sendmmsg)\((.*)/;
const unixPattern = /sa_family=AF_UNIX, sun_path=@?"([^"]*)"/g;
const inetPattern = /sa_family=AF_INET6?, sin6?_port=htons\((\d+)\),.*?"([0-9a-f.:]+)"/g;

/** Every destination in a log of `networkTracer` once, reached or not. What stays in the kernel (netlink) is none. */
export async function destinationsIn(log: string): Promise<readonly Destination[]> {
  const found = new Map<string, Destination>();
  const note = (destination: Destination): void => void found.set(JSON.stringify(destination), destination);
  for (const line of (await readFile(log, 'utf8')).split('\n')) {
    const [, call, text = ''] = callPattern.exec(line) ?? [];
    const how = call === 'connect' ? 'connected' : 'sent';
    for (const [, address = ''] of text.matchAll(unixPattern)) note({ how, address, port: 0 });
    for (const [, port, address = ''] of text.matchAll(inetPattern)) note({ how, address, port: Number(port) });
  }
  return [...found.values()];
}
