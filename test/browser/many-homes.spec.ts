import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, type Page, test } from '@playwright/test';
import { registerApart } from '../support/isolation/principals.ts';
import { type PlatformProcess, startPlatformProcess, unlimited } from '../support/platform-process.ts';
import { SegmentDevice } from '../support/segment-device.ts';

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
  await logIn(page, 'owner@example.org');
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

test('the owner lets support in for a while, everybody of the home sees it, and one tap ends it', async ({ browser, page }) => {
  const { homeId } = await registerApart(platform.owner, 'owner-two');
  await logIn(page, 'owner-two@example.org');
  await page.getByRole('link', { name: 'People', exact: true }).click();
  await page.getByRole('button', { name: 'Let support in' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Their e-mail').fill('owner@example.org');
  await dialog.getByLabel('What they are to look at').fill('No picture at night');
  await dialog.getByLabel('For how long').selectOption('4 hours');
  await dialog.getByRole('button', { name: 'Let them in' }).click();
  const notice = page.getByText(/^Owner, who runs this Cardea, may look into owner-two until .*: No picture at night$/);
  await expect(notice).toBeVisible();
  await page.getByRole('link', { name: 'Home', exact: true }).click();
  await expect(notice).toBeVisible();

  const theirs = await browser.newPage();
  await logIn(theirs, 'owner@example.org');
  await expect(theirs.getByText(/^You may look into owner-two until/)).toBeVisible();
  const { client } = platform.owner;
  expect((await client.call('home.get', { params: { id: homeId } })).role).toBe('support');
  await page.getByRole('button', { name: 'End it now' }).click();
  await expect(notice).toBeHidden();
  await expect(client.call('home.get', { params: { id: homeId } })).rejects.toThrow();
  await theirs.close();
});

test('three hundred members and a thousand alarms of one camera are asked for and shown a few at a time', async ({ page }) => {
  const owner = await registerApart(platform.owner, 'owner-three');
  using camera = await SegmentDevice.bind(owner);
  fill(owner.homeId, camera.deviceId);
  const sizes: number[] = [];
  // The bodies of what a page asked for go with it.
  page.on('requestfinished', async (request) => {
    if (!request.url().includes('/api/v1/')) return;
    const { responseBodySize } = await request.sizes().catch(() => ({ responseBodySize: 0 }));
    sizes.push(responseBodySize);
  });
  await logIn(page, 'owner-three@example.org');
  await page.getByRole('link', { name: 'People', exact: true }).click();
  const people = page.getByRole('list', { name: 'People of owner-three' }).getByRole('listitem');
  await expect(people).toHaveCount(10);
  await page.getByRole('button', { name: 'Show more (291)' }).click();
  await expect(people).toHaveCount(20);
  await page.goto(`${platform.owner.url}/cameras/${camera.deviceId}/1`);
  await expect(page.getByRole('region', { name: 'Alarms today' }).getByRole('listitem')).toHaveCount(200);
  expect(Math.max(...sizes)).toBeGreaterThan(1_000);
  expect(Math.max(...sizes)).toBeLessThan(200_000);
});

/** Three hundred members of a home, and a thousand alarms of a camera of today. */
function fill(homeId: string, deviceId: string): void {
  using db = new DatabaseSync(join(platform.data, 'cardea.db'));
  db.exec('PRAGMA busy_timeout = 10000; BEGIN');
  const user = db.prepare("INSERT INTO user (id, name, email, emailVerified, createdAt, updatedAt) VALUES (?, ?, ?, 1, '', '')");
  const member = db.prepare(
    "INSERT INTO home_member (home_id, user_id, role, actions, devices, created_at) VALUES (?, ?, 'guest', ?, ?, ?)",
  );
  for (let number = 1; number <= 300; number += 1) {
    user.run(`member-${number}`, `Member ${number}`, `member-${number}@example.org`);
    member.run(homeId, `member-${number}`, '["view.live"]', '["*"]', Date.now());
  }
  const columns = 'device_id, event_id, home_id, id, kind, type, channel, state, occurred_at, received_at, params, answer';
  const alarm = db.prepare(`INSERT INTO device_event (${columns}) VALUES (?, ?, ?, ?, 'alarm', 'motion', 1, 'pulse', ?, ?, '{}', '{}')`);
  for (let number = 1; number <= 1_000; number += 1) {
    alarm.run(deviceId, `event-${number}`, homeId, `event-${number}`, Date.now(), Date.now());
  }
  db.exec('COMMIT');
}

async function logIn(page: Page, email: string): Promise<void> {
  await page.goto(`${platform.owner.url}/login`);
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password', { exact: true }).fill('correct horse battery');
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
}
