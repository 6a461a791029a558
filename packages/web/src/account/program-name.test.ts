import assert from 'node:assert/strict';
import { test } from 'node:test';
import { programOf } from './program-name.ts';

test('a browser is called by its name and system', () => {
  const agent = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0';
  assert.deepEqual(programOf(agent), { browser: 'Edge', system: 'Windows' });
});

test('another program is called by its first word', () => {
  assert.deepEqual(programOf('curl/8.5.0'), { browser: 'curl', system: undefined });
});
