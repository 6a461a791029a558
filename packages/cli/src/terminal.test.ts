import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

const moduleUrl = new URL('./terminal.ts', import.meta.url).href;

test('what a camera is called commands no terminal, in an answer or in a complaint', async () => {
  const program = `import { terminal } from '${moduleUrl}'; terminal.print('Door\\u001b[2J'); terminal.note('\\u009b31m\\u202edoor');`;
  const { stderr, stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
  assert.equal(stdout, 'Door\\u001b[2J\n');
  assert.equal(stderr, '\\u009b31m\\u202edoor\n');
});
