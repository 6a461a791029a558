import { after, before, test } from 'node:test';
import { type Input, MediaMatrix, tableOf } from './matrix.ts';

const seconds = 3;

const inputs: readonly Input[] = [
  { carrier: 'wss-fmp4', film: { video: 'h264', audio: 'aac' } },
  { carrier: 'wss-fmp4', film: { video: 'av1', audio: 'g711a' } },
  { carrier: 'rtmp', film: { video: 'h264', audio: 'aac' } },
  { carrier: 'whip', film: { video: 'h264', audio: 'opus' } },
];

let matrix: MediaMatrix;

before(async () => {
  matrix = await MediaMatrix.start();
});
after(() => matrix[Symbol.asyncDispose]());

for (const { carrier, film } of inputs) {
  test(`${film.video} and ${film.audio} published over ${carrier} come out whole over every output`, async (context) => {
    for (const line of tableOf(await matrix.watch({ carrier, film }, seconds))) context.diagnostic(line);
  });
}
