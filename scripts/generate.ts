import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { generateDocs, generatedPaths } from '../packages/protocol/src/docs/generate-docs.ts';
import { generateConformance } from './generate-conformance.ts';
import { generateOpenApi } from './generate-openapi.ts';

/** One origin of derived documents. `owns` are files and folders that hold nothing else. */
interface Source {
  readonly owns: readonly string[];
  generate(): ReadonlyMap<string, string>;
}

const sources: readonly Source[] = [
  { owns: generatedPaths, generate: generateDocs },
  { owns: ['docs/openapi.json'], generate: generateOpenApi },
  { owns: ['docs/conformance.md'], generate: generateConformance },
];

const root = join(import.meta.dirname, '..');

for (const { owns, generate } of sources) {
  const files = generate();
  for (const path of owns) await removeOthers(path, files);
  for (const [path, text] of files) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  console.log(`${files.size} files in ${owns.join(', ')}`);
}

/** Removes what an earlier run left below the folder `path` and this one does not write. */
async function removeOthers(path: string, files: ReadonlyMap<string, string>): Promise<void> {
  const info = await stat(join(root, path)).catch(() => undefined);
  if (info === undefined || !info.isDirectory()) return;
  const entries = await readdir(join(root, path), { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((candidate) => candidate.isFile())) {
    const file = join(entry.parentPath, entry.name);
    if (!files.has(file.slice(root.length + 1))) await rm(file);
  }
}
