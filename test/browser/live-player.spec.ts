import { expect, type Page, test } from '@playwright/test';
import { type HomeWithCamera, startHomeWithCamera } from '../support/home-with-camera.ts';
import { expectMovingPicture } from './moving-picture.ts';

/** What the app does about sound, and about a line that is too weak. */
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

test('the sound of a live picture is turned on and off', async ({ page }) => {
  await openCamera(page);
  const video = page.locator('video').first();
  await page.getByRole('button', { name: 'Sound on' }).click();
  await expect(video).toHaveJSProperty('muted', false);
  await page.getByRole('button', { name: 'Sound off' }).click();
  await expect(video).toHaveJSProperty('muted', true);
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
