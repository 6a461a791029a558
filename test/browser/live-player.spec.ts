import { expect, type Page, test } from '@playwright/test';
import { type HomeWithCamera, startHomeWithCamera } from '../support/home-with-camera.ts';
import { expectMovingPicture } from './moving-picture.ts';

/** The farthest a slow machine keeps from the edge is 1.5 seconds; three seconds behind it, the player jumps. */
const distances = { fellSec: 2.2, caughtUpSec: 1.7 };

/** What the app does about a player that fell behind, and about a line that is too weak. */
let home: HomeWithCamera;

test.beforeAll(async () => {
  home = await startHomeWithCamera();
});

test.afterAll(async () => {
  await home?.[Symbol.asyncDispose]();
});

async function openCamera(page: Page): Promise<void> {
  const { deviceId, owner } = home;
  await page.goto(`${owner.url}/login`);
  await page.getByLabel('E-mail').fill('owner@example.org');
  await page.getByLabel('Password', { exact: true }).fill('correct horse battery');
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'Home' })).toBeVisible();
  await page.goto(`${owner.url}/cameras/${deviceId}/1`);
  await expectMovingPicture(page.locator('video').first());
}

test('a player that fell behind catches up by playing a little faster, without a jump and with its sound at its pitch', async ({
  page,
}) => {
  await openCamera(page);
  await page.getByRole('button', { name: 'Sound on' }).click();
  const seen = await page
    .locator('video')
    .first()
    .evaluate(async (element, { fellSec, caughtUpSec }) => {
      if (!(element instanceof HTMLVideoElement)) throw new Error('not a video');
      const jumps: number[] = [];
      const rates: number[] = [];
      element.addEventListener('seeking', () => jumps.push(element.currentTime));
      element.addEventListener('ratechange', () => rates.push(element.playbackRate));
      const behindSec = () => element.buffered.end(element.buffered.length - 1) - element.currentTime;
      const after = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
      element.pause();
      while (behindSec() < fellSec) await after(50);
      await element.play();
      for (let tries = 0; behindSec() > caughtUpSec && tries < 200; tries += 1) await after(100);
      const { muted, preservesPitch } = element;
      return { atLastSec: behindSec(), jumps, rates, muted, preservesPitch };
    }, distances);
  expect(seen.atLastSec).toBeLessThanOrEqual(distances.caughtUpSec);
  expect(seen.jumps).toEqual([]);
  expect(Math.max(...seen.rates)).toBeGreaterThan(1);
  expect(Math.max(...seen.rates)).toBeLessThanOrEqual(1.1);
  expect([seen.muted, seen.preservesPitch]).toEqual([false, true]);
  await page.getByRole('button', { name: 'Sound off' }).click();
  await expect(page.locator('video').first()).toHaveJSProperty('muted', true);
});

test('over a line too weak for the large stream the app goes on with the small one', async ({ page }) => {
  const streams: string[] = [];
  page.on('request', (request) => {
    if (request.method() === 'POST' && request.url().endsWith('/live')) streams.push(request.postDataJSON().stream);
  });
  let weak = true;
  await page.routeWebSocket(/\/live\//, (socket) => {
    const server = socket.connectToServer();
    server.onMessage((message) => {
      // As the platform does with whoever keeps falling behind.
      if (weak && streams.at(-1) === 'main' && typeof message !== 'string') {
        weak = false;
        setTimeout(() => void socket.close({ code: 1013, reason: 'too slow' }), 2_000);
      }
      socket.send(message);
    });
  });
  await openCamera(page);
  const { capabilities } = await home.owner.client.call('device.get', { params: { id: home.deviceId } });
  const [wide = 0] = capabilities?.channels[0]?.video.find(({ stream }) => stream === 'main')?.resolutions[0] ?? [];
  // The page of the home may have shown the small one before; half a minute later the large one is tried again.
  await expect.poll(() => streams.slice(streams.indexOf('main')).slice(0, 2), { timeout: 20_000 }).toEqual(['main', 'sub']);
  const video = page.locator('video').first();
  const isSmall = () =>
    video.evaluate((shown, max) => shown instanceof HTMLVideoElement && shown.videoWidth > 0 && shown.videoWidth < max, wide);
  await expect.poll(isSmall, { timeout: 20_000 }).toBe(true);
});
