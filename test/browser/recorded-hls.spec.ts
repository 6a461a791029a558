import { createRequire } from 'node:module';
import { expect, test } from '@playwright/test';
import type Hls from 'hls.js';
import { eventually } from '../e2e/eventually.ts';
import { type HomeWithCamera, startHomeWithCamera } from '../support/home-with-camera.ts';
import { expectMovingPicture } from './moving-picture.ts';

const player = createRequire(import.meta.url).resolve('hls.js/dist/hls.min.js');

declare global {
  interface Window {
    Hls: typeof Hls;
    hls: Hls;
    faults: string[];
  }
}

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
  const second = await recordShortly(2);
  expect(second.startAt - first.endAt).toBeGreaterThan(500);
  const range = { channel: 1, from: first.startAt, to: second.endAt };
  const { urls } = await owner.client.call('vod.create', { params: { id: deviceId }, body: range });
  await page.setContent('<video muted autoplay width="640" height="360" crossorigin="anonymous"></video>');
  await page.addScriptTag({ path: player });
  await page.evaluate((source) => {
    const video = document.querySelector('video');
    if (video === null) throw new Error('no video');
    window.faults = [];
    window.hls = new window.Hls();
    window.hls.on(window.Hls.Events.ERROR, (_event, { fatal, details }) => fatal && window.faults.push(details));
    window.hls.loadSource(source);
    window.hls.attachMedia(video);
  }, urls.hls);
  await expectMovingPicture(page.locator('video'));
  const shown = (): Promise<number> => page.evaluate(() => window.hls.playingDate?.getTime() ?? 0);
  await expect.poll(shown, { message: 'the time after the gap', timeout: 20_000 }).toBeGreaterThan(second.startAt + 1_000);
  expect(await page.evaluate(() => window.faults)).toEqual([]);
});
