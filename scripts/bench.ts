import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** `npm run bench` lists the benchmarks, `npm run bench -- NAME` runs one. Each prints ratios to a peer or a physical limit of the same run. */
const folder = join(import.meta.dirname, '..', 'test', 'bench');
const names = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);
const [name, ...rest] = process.argv.slice(2);
if (name === undefined || !names.includes(name)) {
  console.log(`Benchmarks: ${names.join(', ')}`);
  process.exit(name === undefined ? 0 : 2);
}
process.exit(spawnSync(process.execPath, [join(folder, name, `${name}.ts`), ...rest], { stdio: 'inherit' }).status ?? 1);
