import { stdout } from 'node:process';
import { setImmediate as turn } from 'node:timers/promises';
import { silentLogger, VirtualClock } from '@cardea/core';
import { createAgent } from '../agent.ts';
import { createSimulatedCamera } from '../sources/simulated.ts';

/** Of real time for 20 of the camera: its disk has a quarter of the time it would have. */
const STEP_MS = 5;

/**
 * A device without a platform that records four times as fast as time goes, until the process is killed. Says the time it has
 * come to, one line each time. Arguments: state directory, milliseconds to start after the beginning of the virtual clock.
 */
const [, , stateDirectory = '', startsAfterMs = '0'] = process.argv;
const clock = new VirtualClock();
clock.jump(Number(startsAfterMs));
const camera = await createSimulatedCamera({ clock, logger: silentLogger });
const agent = await createAgent({ platformUrl: 'http://127.0.0.1:9', stateDirectory, camera, clock });
agent.start();
while (true) {
  await clock.advance(20);
  await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  await turn();
  stdout.write(`${clock.now()}\n`);
}
