import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/** Programs the tests run beside Cardea, or what such a program needs by its path, with the Debian packages that each comes with. */
const tools: Readonly<Record<string, string>> = {
  '/usr/share/doc/gir1.2-gst-rtsp-server-1.0': 'python3 python3-gi gir1.2-gst-rtsp-server-1.0',
  ceph: 'ceph-common',
  'ceph-mon': 'ceph-mon',
  'ceph-osd': 'ceph-osd',
  chromium: 'chromium',
  ffmpeg: 'ffmpeg',
  ffprobe: 'ffmpeg',
  gcc: 'gcc libc6-dev',
  'gst-launch-1.0': 'gstreamer1.0-tools gstreamer1.0-plugins-good gstreamer1.0-plugins-bad',
  'nats-server': 'nats-server',
  openssl: 'openssl',
  pebble: 'pebble',
  radosgw: 'radosgw',
  strace: 'strace',
};

function isInstalled(command: string): boolean {
  if (isAbsolute(command)) return existsSync(command);
  return (process.env.PATH ?? '').split(delimiter).some((directory) => existsSync(join(directory, command)));
}

function run(command: string, args: readonly string[]): boolean {
  const { status } = spawnSync(command, args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  return status === 0;
}

/** Installs what is missing by Debian's package manager. @throws Error naming what to install by hand where that is not possible */
export function installSystemTools(): void {
  const missing = [
    ...new Set(
      Object.keys(tools)
        .filter((command) => !isInstalled(command))
        .flatMap((command) => (tools[command] ?? command).split(' ')),
    ),
  ];
  if (missing.length === 0) return;
  console.log(`Installing ${missing.join(', ')}`);
  const prefix = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  const apt = (...args: string[]): boolean => {
    const [command = 'apt-get', ...rest] = [...prefix, 'apt-get', ...args];
    return run(command, rest);
  };
  if (apt('update', '-qq') && apt('install', '-y', '-qq', '--no-install-recommends', ...missing)) return;
  throw new Error(`The tests need ${missing.join(', ')}. Install them, on Debian with: apt-get install ${missing.join(' ')}`);
}
