import { createRequire } from 'node:module';
import { expect, type Page, test } from '@playwright/test';
import type Hls from 'hls.js';
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

/** Plays `url` with hls.js on a page of another origin, muted. */
async function play(page: Page, url: string): Promise<void> {
  await page.setContent('<video muted autoplay width="640" height="360" crossorigin="anonymous"></video>');
  await page.addScriptTag({ path: player });
  await page.evaluate((source) => {
    const video = document.querySelector('video');
    if (video === null) throw new Error('no video');
    window.faults = [];
    window.hls = new window.Hls({ lowLatencyMode: true, maxLiveSyncPlaybackRate: 1.5 });
    window.hls.on(window.Hls.Events.ERROR, (_event, { fatal, details }) => fatal && window.faults.push(details));
    window.hls.loadSource(source);
    window.hls.attachMedia(video);
  }, url);
}

test('a player that knows only the address shows a moving picture about a second behind the camera', async ({ page }) => {
  const { owner, deviceId } = home;
  const { urls } = await owner.client.call('live.create', { params: { id: deviceId }, body: { channel: 1, stream: 'main' } });
  const openedAt = performance.now();
  await play(page, urls.hls ?? '');
  await expectMovingPicture(page.locator('video'));
  const shown = await page.evaluate(() => {
    const { hls, faults } = window;
    const holdBackSec = hls.latestLevelDetails?.partHoldBack;
    return { latencySec: hls.latency, holdBackSec, behindMs: Date.now() - (hls.playingDate?.getTime() ?? 0), faults };
  });
  process.stdout.write(`moving after ${Math.round(performance.now() - openedAt)} ms; ${JSON.stringify(shown)}\n`);
  expect(shown.holdBackSec).toBeLessThan(1);
  expect(shown.faults).toEqual([]);
});
