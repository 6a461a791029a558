import { existsSync, readdirSync, statSync } from 'node:fs';

const packages = new URL('../../', import.meta.url);

/** Where `main` is: in the bundle as long as no source is newer, in the sources of a repository, or in what was built of them and published. */
export function findEntryPoint() {
  const [bundle, source, built] = ['bundle/main.js', 'src/main.ts', 'dist/main.js'].map((path) => new URL(`../${path}`, import.meta.url));
  if (!existsSync(source)) return built.href;
  return existsSync(bundle) && !hasChangedSince(statSync(bundle).mtimeMs) ? bundle.href : source.href;
}

/** Tests and the web app are in no bundle. What was added or removed does nothing without a change to another source. */
function hasChangedSince(instantMs) {
  const folders = readdirSync(packages).filter((name) => name !== 'web');
  return folders.map((name) => new URL(`${name}/src/`, packages)).some((folder) => existsSync(folder) && holdsNewer(folder, instantMs));
}

function holdsNewer(folder, instantMs) {
  return readdirSync(folder, { recursive: true }).some(
    (path) => path.endsWith('.ts') && !path.endsWith('test.ts') && statSync(new URL(path, folder)).mtimeMs >= instantMs,
  );
}
