import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Emits under `build/npm/` one folder per package, as it would be published: JavaScript, declarations, assets, a manifest without sources. */

const root = join(import.meta.dirname, '..');
const target = join(root, 'build', 'npm');

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  exports?: Record<string, unknown>;
  files?: readonly string[];
  devDependencies?: Record<string, string>;
}

function run(...args: readonly string[]): void {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

function entryPoint(source: unknown): Record<string, string> {
  const stem = String(source).replace('./src/', './dist/').replace(/\.ts$/, '');
  return { types: `${stem}.d.ts`, default: `${stem}.js` };
}

function publishable(manifest: Manifest): Manifest {
  const exports = Object.fromEntries(Object.entries(manifest.exports ?? {}).map(([path, source]) => [path, entryPoint(source)]));
  const { devDependencies: _, ...rest } = manifest;
  return { ...rest, exports, files: ['dist', 'assets', 'bin', 'web'] };
}

function emit(folder: string): void {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  if (manifest.private) return;
  const out = join(target, manifest.name.replace('@cardea/', ''));
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, 'package.json'), `${JSON.stringify(publishable(manifest), undefined, 2)}\n`);
  for (const path of globSync('dist/**/*.{js,d.ts}', { cwd: folder })) {
    if (!path.includes('.test.')) cpSync(join(folder, path), join(out, path));
  }
  for (const extra of ['assets', 'bin'])
    if (existsSync(join(folder, extra))) cpSync(join(folder, extra), join(out, extra), { recursive: true });
  cpSync(join(root, 'LICENSE'), join(out, 'LICENSE'));
  console.log(`build/npm/${out.slice(target.length + 1)}`);
}

rmSync(target, { recursive: true, force: true });
run('node_modules/@typescript/native/bin/tsc', '-b');
run('scripts/prepare.mjs');
for (const manifest of globSync('packages/*/package.json', { cwd: root }).sort()) emit(join(root, dirname(manifest)));
cpSync(join(root, 'packages/web/dist'), join(target, 'cli', 'web'), { recursive: true });
