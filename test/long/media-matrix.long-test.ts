import { after, before, test } from 'node:test';
import { type Input, type Measured, MediaMatrix, tableOf } from '../e2e/media-matrix/matrix.ts';

const seconds = 20;

const inputs: readonly Input[] = [
  { carrier: 'wss-fmp4', film: { video: 'h264', audio: 'aac' } },
  { carrier: 'wss-fmp4', film: { video: 'h264', audio: 'opus' } },
  { carrier: 'wss-fmp4', film: { video: 'h265', audio: 'aac' } },
  { carrier: 'wss-fmp4', film: { video: 'h265', audio: 'opus' } },
  { carrier: 'wss-fmp4', film: { video: 'h264', audio: 'g711u' } },
  { carrier: 'wss-fmp4', film: { video: 'av1', audio: 'aac' } },
  { carrier: 'wss-fmp4', film: { video: 'av1', audio: 'opus' } },
  { carrier: 'wss-fmp4', film: { video: 'av1', audio: 'g711a' } },
  { carrier: 'rtmp', film: { video: 'h264', audio: 'aac' } },
  { carrier: 'rtmp', film: { video: 'h264', audio: 'g711a' } },
  { carrier: 'whip', film: { video: 'h264', audio: 'opus' } },
  { carrier: 'whip', film: { video: 'h265', audio: 'opus' } },
];

let matrix: MediaMatrix;
const measured: Measured[] = [];

before(async () => {
  matrix = await MediaMatrix.start();
});
after(() => matrix[Symbol.asyncDispose]());

for (const { carrier, film } of inputs) {
  test(`${film.video} and ${film.audio} over ${carrier} stay whole for ${seconds} s on every output`, async (context) => {
    const rows = await matrix.watch({ carrier, film }, seconds);
    measured.push(...rows);
    for (const line of tableOf(rows)) context.diagnostic(line);
  });
}

test('of every pair the first picture and the way from end to end, in milliseconds, stand in one table', (context) => {
  for (const line of tableOf(measured)) context.diagnostic(line);
});
