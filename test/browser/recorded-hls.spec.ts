import { expect, test } from '@playwright/test';
import { eventually } from '../e2e/eventually.ts';
import { makeFilm } from '../support/film.ts';
import { type HomeWithCamera, startHomeWithCamera } from '../support/home-with-camera.ts';
import { recorded, SegmentDevice } from '../support/segment-device.ts';
import { playHls } from './hls-page.ts';
import { expectMovingPicture } from './moving-picture.ts';

const LONGEST_KEY_FRAME_INTERVAL_MS = 2_000;

let home: HomeWithCamera;

test.beforeAll(async () => {
  home = await startHomeWithCamera();
});

test.afterAll(async () => {
  await home?.[Symbol.asyncDispose]();
});

/** Records for a few seconds, and nothing else; resolves with the segment that is stored. */
async function recordShortly(count: number) {
  const { owner, deviceId } = home;
  await owner.client.command(deviceId, 'record.start', { channel: 1, target: 'cloud', durationSec: 5, reason: 'manual' });
  return await eventually('a stored segment', async () => {
    const { items } = await owner.client.call('segment.list', { params: { id: deviceId } });
    const manual = items.filter(({ kind, stream }) => kind === 'manual' && stream === 'main');
    return manual.length >= count ? manual.at(-1) : undefined;
  });
}

test('a recording plays on over a gap, at the times it was recorded', async ({ page }) => {
  const { owner, deviceId } = home;
  await owner.client.command(deviceId, 'config.set', { channel: 1, patch: { 'record.cloud.mode': 'off' } });
  const first = await recordShortly(1);
  await expect
    .poll(() => Date.now(), { message: 'a key frame after the end of the first' })
    .toBeGreaterThan(first.endAt + LONGEST_KEY_FRAME_INTERVAL_MS + 1_000);
  const second = await recordShortly(2);
  expect(second.startAt - first.endAt).toBeGreaterThan(500);
  const range = { channel: 1, from: first.startAt, to: second.endAt };
  const { urls } = await owner.client.call('vod.create', { params: { id: deviceId }, body: range });
  await playHls(page, urls.hls);
  await expectMovingPicture(page.locator('video'));
  const shown = (): Promise<number> => page.evaluate(() => window.hls.playingDate?.getTime() ?? 0);
  await expect.poll(shown, { message: 'the time after the gap', timeout: 20_000 }).toBeGreaterThan(second.startAt + 1_000);
  expect(await page.evaluate(() => window.faults)).toEqual([]);
});

test('a recording plays on over a change of its format', async ({ page }) => {
  const { client } = home.owner;
  using device = await SegmentDevice.bind(home.owner);
  // What is stored later lies before.
  for (const [width, height] of [
    [640, 360],
    [320, 240],
  ] as const) {
    await device.store(recorded(await makeFilm({ seconds: 4, kbps: 400, width, height }), 4_000));
  }
  const { items } = await client.call('segment.list', { params: { id: device.deviceId } });
  const range = { channel: 1, from: Math.min(...items.map(({ startAt }) => startAt)), to: Math.max(...items.map(({ endAt }) => endAt)) };
  const { urls } = await client.call('vod.create', { params: { id: device.deviceId }, body: range });
  const clip = await fetch(urls.clip);
  expect([clip.status, await clip.json()]).toEqual([
    409,
    expect.objectContaining({ details: { parts: [expect.anything(), expect.anything()] } }),
  ]);
  await playHls(page, urls.hls);
  const width = (): Promise<number | undefined> => page.locator('video').evaluate((video) => (video as HTMLVideoElement).videoWidth);
  await expect.poll(width, { message: 'the first format' }).toBe(320);
  await expect.poll(width, { message: 'the second format', timeout: 20_000 }).toBe(640);
  await expect
    .poll(() => page.locator('video').evaluate((video) => (video as HTMLVideoElement).currentTime), { timeout: 20_000 })
    .toBeGreaterThan(6);
  expect(await page.evaluate(() => window.faults)).toEqual([]);
});
