#!/usr/bin/env node
// Plain JavaScript that any Node can read, so that an old one gets a sentence instead of a syntax error.
import module from 'node:module';
import { findEntryPoint } from './entry-point.js';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 15)) {
  process.stderr.write(
    `cardea needs Node.js 24.15 or newer, and this is ${process.versions.node}. ` +
      'In the repository, npm scripts and npx use the version that npm ci installed.\n',
  );
  process.exit(1);
}
// Writing, syncing and hashing files waits in these threads; four, as many as there are by default, would hold up sixteen writers.
process.env.UV_THREADPOOL_SIZE ??= '24';
// Halves the time a command takes to start, from the second time on.
module.enableCompileCache?.();
const { main } = await import(findEntryPoint());
await main(process.argv);
