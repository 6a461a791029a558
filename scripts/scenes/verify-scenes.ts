import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CELL_STRIP, decodeFrameCells, FRAMES_PER_LOOP } from './page/frame-cells.ts';

// Proves what the README of the assets promises about each file: counts, timing, key frames, boxes and the cells of every frame.
const ASSETS = fileURLToPath(new URL('../../packages/device/assets/', import.meta.url));
const SCENE_IDS = { 'front-door': 1, garden: 2 } as const;
const run = promisify(execFile);

interface Packet {
  readonly pts: number;
  readonly dts: number;
  readonly duration: number;
  readonly flags: string;
}

for (const [name, sceneId] of Object.entries(SCENE_IDS)) {
  for (const [suffix, scale] of [
    ['main', 1],
    ['sub', 0.5],
  ] as const) {
    const path = `${ASSETS}${name}-${suffix}.mp4`;
    verifyBoxes(await readFile(path));
    verifyTrack(await packetsOf(path, 'v:0'), { count: FRAMES_PER_LOOP, duration: 3600, keyEvery: 50 });
    verifyTrack(await packetsOf(path, 'a:0'), { count: 1875, duration: 1024, keyEvery: 1 });
    await verifyCells(path, scale, sceneId);
    console.log(`${name}-${suffix}.mp4 is as described`);
  }
}

function verifyBoxes(file: Buffer): void {
  assert.ok(file.indexOf('moov') < file.indexOf('mdat'), 'moov comes first');
  for (const box of ['edts', 'ctts']) assert.equal(file.subarray(0, file.indexOf('mdat')).indexOf(box), -1, `no ${box} box`);
}

async function packetsOf(path: string, stream: string): Promise<readonly Packet[]> {
  const entries = ['-select_streams', stream, '-show_entries', 'packet=pts,dts,duration,flags', '-of', 'json'];
  const { stdout } = await run('ffprobe', ['-v', 'error', ...entries, path], { maxBuffer: 1 << 24 });
  return (JSON.parse(stdout) as { packets: readonly Packet[] }).packets;
}

function verifyTrack(packets: readonly Packet[], expected: { count: number; duration: number; keyEvery: number }): void {
  assert.equal(packets.length, expected.count);
  packets.forEach((packet, index) => {
    const time = index * expected.duration;
    assert.deepEqual([packet.pts, packet.dts, packet.duration], [time, time, expected.duration]);
    assert.equal(packet.flags.startsWith('K'), index % expected.keyEvery === 0, `key flag of packet ${index}`);
  });
}

async function verifyCells(path: string, scale: number, sceneId: number): Promise<void> {
  const size = CELL_STRIP.sizePx * scale;
  const width = CELL_STRIP.count * size;
  const crop = `crop=${width}:${size}:${CELL_STRIP.left * scale}:${CELL_STRIP.top * scale}`;
  const parameters = ['-v', 'error', '-i', path, '-vf', crop, '-f', 'rawvideo', '-pix_fmt', 'gray', '-'];
  const { stdout } = await run('ffmpeg', parameters, { encoding: 'buffer', maxBuffer: 1 << 26 });
  assert.equal(stdout.length, FRAMES_PER_LOOP * width * size);
  for (let frameIndex = 0; frameIndex < FRAMES_PER_LOOP; frameIndex += 1) {
    const middle = frameIndex * width * size + (width * size) / 2 + size / 2;
    const cells = Array.from({ length: CELL_STRIP.count }, (_, cell) => (stdout[middle + cell * size] ?? 0) > 127);
    assert.deepEqual(decodeFrameCells(cells), { frameIndex, sceneId });
  }
}
