import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeSegments } from '../../../packages/platform/src/video-service/fixtures/segment-maker.ts';
import { makeOneFile } from './one-file-program.ts';
import type { CutRunOptions } from './platform-crashes.ts';
import { buildPowerCut } from './power-cut.ts';

const platform = join(import.meta.dirname, '..', '..', '..', 'packages', 'platform', 'src');
const SERVER = join(platform, 'video-service', 'fixtures', 'vr-server.ts');
const THREAD = join(platform, 'store', 'objects', 'intake-thread.ts');

/** What runs of crashes need: segments, the server as one file, the library that watches it. Works in `directory`, which must exist. */
export async function makeCrashParts(directory: string): Promise<Pick<CutRunOptions, 'media' | 'program' | 'library'>> {
  const [media, program, library] = await Promise.all([
    makeSegments(directory, { seconds: 4 }),
    makeServer(directory),
    buildPowerCut(directory),
  ]);
  return { media, program, library };
}

/** The server as one file. @returns its path */
export async function makeServer(directory: string): Promise<string> {
  // A thread is not part of the one file; it lies beside it, as in what is built.
  await writeFile(join(directory, 'intake-thread.js'), `import ${JSON.stringify(THREAD)};\n`);
  process.env.NODE_COMPILE_CACHE ??= join(directory, 'compiled');
  return await makeOneFile(SERVER, directory);
}
