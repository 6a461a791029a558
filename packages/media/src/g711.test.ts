import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { encodeG711, type G711Law } from './g711.ts';

const codes = Uint8Array.from({ length: 256 }, (_, code) => code);
const laws: readonly G711Law[] = ['g711a', 'g711u'];

test('silence, the loudest and the softest sounds have the codes of the tables of G.711', () => {
  const samples = Int16Array.of(0, 32_767, -32_768, 8, -8);
  assert.deepEqual(encodeG711('g711a', samples), Uint8Array.of(0xd5, 0xaa, 0x2a, 0xd5, 0x55));
  assert.deepEqual(encodeG711('g711u', samples), Uint8Array.of(0xff, 0x80, 0x00, 0xfe, 0x7e));
});

test('what ffmpeg hears in every code is coded as that code again', () => {
  for (const law of laws) {
    const format = law === 'g711a' ? 'alaw' : 'mulaw';
    const { stdout } = spawnSync('ffmpeg', ['-v', 'error', '-f', format, '-ar', '8000', '-i', 'pipe:0', '-f', 's16le', 'pipe:1'], {
      input: codes,
    });
    const heard = new Int16Array(stdout.buffer.slice(stdout.byteOffset, stdout.byteOffset + stdout.length));
    const again = encodeG711(law, heard);
    // Mu-law has two codes for silence.
    if (law === 'g711u') again[0x7f] = 0x7f;
    assert.deepEqual(again, codes, law);
  }
});
