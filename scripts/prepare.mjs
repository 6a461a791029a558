// Runs at the end of `npm ci`: builds the web app, so that `npm start` and `npx cardea serve` can show it at once, and the bundle that lets
// the command start in a third of the time.
import { spawnSync } from 'node:child_process';
import { existsSync, utimesSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const path = (relative) => fileURLToPath(new URL(`../${relative}`, import.meta.url));
const node = path('node_modules/.bin/node');
const vite = path('node_modules/vite/bin/vite.js');

function build(folder, ...options) {
  const { status } = spawnSync(existsSync(node) ? node : process.execPath, [vite, 'build', '--logLevel', 'warn', ...options], {
    cwd: path(folder),
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}

// A production install has no Vite, and published packages bring the built app along.
if (existsSync(vite)) {
  build('packages/web');
  const startedAt = new Date();
  build('packages/cli', '--config', 'bundle.config.ts');
  // A source that is changed meanwhile is newer than the bundle.
  utimesSync(path('packages/cli/bundle/main.js'), startedAt, startedAt);
}
