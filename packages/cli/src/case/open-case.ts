import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type CaseFiles, type CaseManifest, MANIFEST_FILE, readManifest, readTarHeader, TAR_BLOCK_BYTES, tarPadding } from '@cardea/api';

/** What is there is no case, or cannot be read as one. */
export class NoCase extends Error {}

export interface OpenedCase {
  readonly manifest: CaseManifest;
  /** SHA-256 of the manifest, lower-case hex. */
  readonly manifestSha256: string;
  readonly files: CaseFiles;
}

/** The bytes of one file: a part of a file on disk. */
interface Extent {
  readonly path: string;
  readonly offset: number;
  readonly sizeBytes: number;
}

const SEGMENTS = 'segments';
const MAX_MANIFEST_BYTES = 64 * 1024 * 1024;
/** A case has two files beside its segments. */
const MAX_FILES = 50_000;

/** Opens a case: the archive as it was exported, or the folder that was in it. @throws NoCase */
export async function openCase(path: string): Promise<OpenedCase> {
  const isDirectory = await stat(path).then(
    (found) => found.isDirectory(),
    () => {
      throw new NoCase(`${path} is not there`);
    },
  );
  const extents = isDirectory ? await extentsOfDirectory(path) : await extentsOfArchive(path);
  const extent = extents.get(MANIFEST_FILE);
  if (extent === undefined || extent.sizeBytes > MAX_MANIFEST_BYTES) throw new NoCase(`${path} is not a case: it has no manifest`);
  const text = await bytesOf(extent);
  const manifest = readManifest(text.toString('utf8'));
  if (manifest === undefined) throw new NoCase(`${path} is not a case: its manifest cannot be read`);
  return {
    manifest,
    manifestSha256: createHash('sha256').update(text).digest('hex'),
    files: {
      names: [...extents.keys()].filter((name) => name.startsWith(`${SEGMENTS}/`)),
      digestOf: async (name) => {
        const found = extents.get(name);
        return found && { sizeBytes: found.sizeBytes, sha256: await sha256Of(found) };
      },
    },
  };
}

async function extentsOfDirectory(path: string): Promise<ReadonlyMap<string, Extent>> {
  const inFolder = await readdir(join(path, SEGMENTS), { withFileTypes: true }).catch(() => []);
  const names = [MANIFEST_FILE, ...inFolder.filter((entry) => entry.isFile()).map(({ name }) => `${SEGMENTS}/${name}`)];
  const extents = new Map<string, Extent>();
  for (const name of names) {
    const file = join(path, name);
    const found = await stat(file).catch(() => undefined);
    if (found !== undefined) extents.set(name, { path: file, offset: 0, sizeBytes: found.size });
  }
  return extents;
}

/** By their names without the folder that all of them lie in. */
async function extentsOfArchive(path: string): Promise<ReadonlyMap<string, Extent>> {
  await using archive = await open(path);
  const { size } = await archive.stat();
  const extents = new Map<string, Extent>();
  for (let offset = 0; offset < size; ) {
    const entry = await entryAt(archive, offset, path);
    if (entry === undefined) break;
    const { name, sizeBytes } = entry;
    const body = offset + TAR_BLOCK_BYTES;
    if (body + sizeBytes > size || extents.size >= MAX_FILES) throw new NoCase(`${path} is cut short or not a case`);
    extents.set(name.slice(name.indexOf('/') + 1), { path, offset: body, sizeBytes });
    offset = body + sizeBytes + tarPadding(sizeBytes).length;
  }
  return extents;
}

async function entryAt(archive: FileHandle, offset: number, path: string) {
  const { buffer, bytesRead } = await archive.read(Buffer.alloc(TAR_BLOCK_BYTES), 0, TAR_BLOCK_BYTES, offset);
  try {
    return readTarHeader(buffer.subarray(0, bytesRead));
  } catch (cause) {
    throw new NoCase(`${path} is neither a folder nor an archive of a case`, { cause });
  }
}

async function bytesOf({ path, offset, sizeBytes }: Extent): Promise<Buffer> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(sizeBytes), 0, sizeBytes, offset);
  return buffer.subarray(0, bytesRead);
}

async function sha256Of({ path, offset, sizeBytes }: Extent): Promise<string> {
  const hash = createHash('sha256');
  if (sizeBytes > 0) await pipeline(createReadStream(path, { start: offset, end: offset + sizeBytes - 1 }), hash);
  return hash.digest('hex');
}
