import { mkdir, open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from '../durable-file.ts';
import type { VolumeMarker } from './volume-identity.ts';
import type { VolumeSync } from './volume-sync.ts';

const MARKER = '.cardea-volume';

/** The marker of a disk: a file in the root of the objects. */
export class MarkerFile implements VolumeMarker {
  private readonly root: string;
  private readonly sync: VolumeSync;

  constructor(root: string, sync: VolumeSync) {
    this.root = root;
    this.sync = sync;
  }

  async trace(): Promise<string> {
    const found = await stat(join(this.root, MARKER)).catch(ignoreAbsent);
    return found === undefined ? '' : `${found.dev}:${found.ino}`;
  }

  async read(): Promise<string | undefined> {
    const text = await readFile(join(this.root, MARKER), 'utf8').catch(ignoreAbsent);
    // A marker is empty when the power went while it was written, that is before anything was stored.
    return text?.trim() || undefined;
  }

  async write(id: string): Promise<void> {
    await mkdir(this.root, { recursive: true, mode: 0o700 });
    const path = join(this.root, MARKER);
    const file = await open(path, 'w', 0o600);
    try {
      await file.writeFile(`${id}\n`);
      await this.sync.file(file, path);
    } finally {
      await file.close();
    }
    await this.sync.directory(this.root);
    await this.sync.ancestors();
  }
}

/** For `catch`: absence is an answer, anything else stays an error. */
function ignoreAbsent(error: unknown): undefined {
  if (isMissing(error)) return undefined;
  throw error;
}
