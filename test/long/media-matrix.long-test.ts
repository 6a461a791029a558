import { after, before, test } from 'node:test';
import { type Input, MediaMatrix } from '../e2e/media-matrix/matrix.ts';

const seconds = 20;

const inputs: readonly Input[] = [
  { carrier: 'wss-fmp4', film: { video: 'h264', audio: 'aac' } },
  { carrier: 'wss-fmp4', film: { video: 'h264', audio: 'opus' } },
  { carrier: 'wss-fmp4', film: { video: 'h265', audio: 'aac' } },
  { carrier: 'wss-fmp4', film: { video: 'h265', audio: 'opus' } },
  { carrier: 'rtmp', film: { video: 'h264', audio: 'aac' } },
  { carrier: 'whip', film: { video: 'h264', audio: 'opus' } },
  { carrier: 'whip', film: { video: 'h265', audio: 'opus' } },
];

let matrix: MediaMatrix;

before(async () => {
  matrix = await MediaMatrix.start();
});
after(() => matrix[Symbol.asyncDispose]());

for (const { carrier, film } of inputs) {
  test(`${film.video} and ${film.audio} over ${carrier} stay whole for ${seconds} s on every output`, async (context) => {
    for (const line of await matrix.watch({ carrier, film }, seconds)) context.diagnostic(line);
  });
}
