import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Run after `npm install`. A registry mirror may lack the builds of a tool for other platforms; npm then leaves them out of
 * package-lock.json and `npm ci` refuses the file as incomplete. This adds them by name and version, marked with their
 * platform, so that every machine installs from the same file and fetches only what is its own.
 */

interface LockEntry {
  readonly version?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly dev?: boolean;
}

const systems = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const processors = ['arm64', 'arm', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64'];

function platformOf(name: string): { os: string[]; cpu: string[]; libc?: string[] } | undefined {
  const words = name.split(/[/-]/);
  const os = systems.find((system) => words.includes(system));
  const cpu = processors.find((processor) => words.includes(processor));
  if (os === undefined || cpu === undefined) return undefined;
  return { os: [os], cpu: [cpu], ...(name.includes('musl') && { libc: ['musl'] }) };
}

const path = join(import.meta.dirname, '..', 'package-lock.json');
const lock = JSON.parse(readFileSync(path, 'utf8')) as { packages: Record<string, LockEntry> };
const added: Record<string, unknown> = {};
for (const { optionalDependencies = {}, dev } of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const platform = platformOf(name);
    const key = `node_modules/${name}`;
    if (platform === undefined || key in lock.packages || !/^\d/.test(version)) continue;
    added[key] = { version, ...platform, ...(dev && { dev }), optional: true };
  }
}
const packages = Object.fromEntries(Object.entries({ ...lock.packages, ...added }).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(path, `${JSON.stringify({ ...lock, packages }, undefined, 2)}\n`);
console.log(`package-lock.json: ${Object.keys(added).length} builds for other platforms added`);
