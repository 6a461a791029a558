import { readFile } from 'node:fs/promises';
import { SystemClock, type Timer } from '@cardea/core';
import { RunningDevice } from '@cardea/device';
import { createBlindCamera } from './blind-camera.ts';

/** Waits are cut to a quarter; what the network and the disk need stays as it is. */
class HastyClock extends SystemClock {
  override setTimer(delayMs: number, action: () => void): Timer {
    return super.setTimer(delayMs / 4, action);
  }
}

const [platformUrl = '', stateDirectory = '', keyFile = '', bindingCode = ''] = process.argv.slice(2);
await RunningDevice.start({
  platformUrl,
  stateDirectory,
  bindingCode,
  firmwareKeys: [await readFile(keyFile, 'utf8')],
  openCamera: async () => createBlindCamera('power-cut'),
  clock: new HastyClock(),
});
// Timers of the clock do not keep a process alive.
setInterval(() => {}, 60_000);
