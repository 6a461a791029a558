import { expect, test } from '@playwright/test';
import { CardeaProcess } from '../e2e/cardea-process.ts';
import { expectMovingPicture } from './moving-picture.ts';

/** What somebody sees who runs `npm start` and opens the link. */
test.describe.configure({ mode: 'serial' });

let demo: CardeaProcess;
let link: string;

test.beforeAll(async () => {
  const startedAt = performance.now();
  demo = new CardeaProcess(['demo', '--listen', '127.0.0.1:0']);
  [, link = ''] = await demo.printed(/^Open (http:\/\/127\.0\.0\.1:\S+)$/);
  expect(performance.now() - startedAt).toBeLessThan(60_000);
});

test.afterAll(async () => {
  await demo[Symbol.asyncDispose]();
});

test('the link logs in, shows two moving cameras, and each opens with its controls and recordings', async ({ page }) => {
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  await page.goto(link);
  await expect(page.getByText('Front door')).toBeVisible();
  await expect(page.getByText('Garden')).toBeVisible();
  expect(new URL(page.url()).hash, 'the secret is gone from the address').toBe('');
  const videos = page.locator('video');
  await expect(videos).toHaveCount(2);
  await expectMovingPicture(videos.nth(0));
  await expectMovingPicture(videos.nth(1));

  await page.getByRole('link', { name: /Front door/ }).click();
  await expect(page.getByRole('heading', { name: 'Front door' })).toBeVisible();
  await expectMovingPicture(page.locator('video').first());

  await page.getByRole('button', { name: 'Take a picture' }).first().click();
  const picture = page.getByRole('dialog').locator('img');
  await expect(picture).toBeVisible();
  expect(await picture.evaluate((image) => (image as HTMLImageElement).naturalWidth)).toBeGreaterThan(100);
  await page.keyboard.press('Escape');

  const recording = page.getByRole('button', { name: /^Play from/ }).first();
  await expect(recording).toBeVisible({ timeout: 30_000 });
  await recording.click();
  await expect(page.getByRole('button', { name: /back to live/i })).toBeVisible();
  await expectMovingPicture(page.locator('video').first());
  await page.getByRole('button', { name: /back to live/i }).click();
  await expectMovingPicture(page.locator('video').first());

  await page.goto(new URL('/?kiosk=1', page.url()).href);
  await expect(videos).toHaveCount(2);
  await expect(page.getByRole('navigation')).toHaveCount(0);
  await expectMovingPicture(videos.nth(0));
  await page.keyboard.press('1');
  await expect(page.getByRole('heading', { name: /Front door|Garden/ })).toBeVisible();
  expect(faults).toEqual([]);
});

test('the link works once', async ({ page }) => {
  await page.goto(link);
  await expect(page.getByRole('button', { name: /log in/i })).toBeVisible();
});

test('Ctrl-C stops everything and leaves no process', async () => {
  const { pid } = demo;
  expect(await demo.stop('SIGINT')).toBe(0);
  expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
});
