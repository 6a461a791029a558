import assert from 'node:assert/strict';
import { getHeapStatistics } from 'node:v8';
import { MediaError } from '@cardea/media';
import type { FuzzTarget } from './samples.ts';

/** Of the processor, far above what any input needs; waiting for it does not count. */
const longestCpuMs = 1_000;
/** No input is larger than 256 KiB, and none justifies more than this. */
const mostBytes = 64 << 20;

/** Lets `target` parse `input`. @throws AssertionError when anything but MediaError comes out, or it takes too much */
export async function assertWithinBounds({ parse }: FuzzTarget, input: Uint8Array): Promise<void> {
  const cpu = process.cpuUsage();
  const heldBytes = usedBytes();
  try {
    await parse(input);
  } catch (error) {
    if (!(error instanceof MediaError))
      throw new assert.AssertionError({ message: error instanceof Error ? String(error.stack) : String(error) });
  }
  const tookBytes = usedBytes() - heldBytes;
  assert.ok(tookBytes < mostBytes, `took ${tookBytes} bytes`);
  const { user } = process.cpuUsage(cpu);
  assert.ok(user < longestCpuMs * 1_000, `took ${user} us of the processor`);
}

function usedBytes(): number {
  const { used_heap_size, external_memory } = getHeapStatistics();
  return used_heap_size + external_memory;
}
