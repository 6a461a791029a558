import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '..', '..', '..');
const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');

/** Makes one file of a program and all it imports, in `directory`: a process of it starts in a third of the time. @returns its path */
export async function makeOneFile(source: string, directory: string): Promise<string> {
  const config = join(import.meta.dirname, 'one-file.config.ts');
  await promisify(execFile)(process.execPath, [vite, 'build', '--config', config, '--ssr', source, '--outDir', directory], { cwd: root });
  return join(directory, 'program.mjs');
}
