import { expect, test } from '@playwright/test';
import { type PlatformProcess, startPlatformProcess, unlimited } from '../support/platform-process.ts';

const HOMES = 60;
let platform: PlatformProcess;

test.beforeAll(async () => {
  platform = await startPlatformProcess(unlimited);
  const { client } = platform.owner;
  for (let number = 1; number < HOMES; number += 1) await client.call('home.create', { body: { name: `Home ${number}`, timezone: 'UTC' } });
});

test.afterAll(() => platform[Symbol.asyncDispose]());

test('whoever has sixty homes sees some of them at first, the others when they ask, and the app goes on', async ({ page }) => {
  const failures: string[] = [];
  page.on('pageerror', (error) => failures.push(String(error)));
  // Answers that come one by one hide what happens when all come together.
  await page.addInitScript((most) => {
    const { fetch } = window;
    const held: (() => void)[] = [];
    window.fetch = async (...request) => {
      const response = await fetch(...request);
      if (!/\/(storage|members)$/.test(new URL(response.url).pathname)) return response;
      const released = new Promise<void>((resolve) => held.push(resolve));
      if (held.length >= most) for (const release of held.splice(0)) release();
      else setTimeout(() => held.shift()?.(), 1_000);
      await released;
      return response;
    };
  }, HOMES);
  await page.goto(`${platform.owner.url}/login`);
  await page.getByLabel('E-mail').fill('owner@example.org');
  await page.getByLabel('Password', { exact: true }).fill('correct horse battery');
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  for (const [place, sections] of [
    ['Devices', page.getByRole('region', { name: /^Storage/ })],
    ['People', page.locator('main section:has(h2)')],
  ] as const) {
    await page.getByRole('link', { name: place, exact: true }).click();
    await expect(sections).toHaveCount(10);
    await page.getByRole('button', { name: 'Show more (50)' }).click();
    await expect(sections).toHaveCount(20);
  }
  expect(failures).toEqual([]);
});
