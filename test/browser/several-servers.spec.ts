import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { CardeaProcess } from '../e2e/cardea-process.ts';
import { eventually } from '../e2e/eventually.ts';
import { ClusterHere } from '../support/cluster.ts';
import { expectMovingPicture } from './moving-picture.ts';

/** What somebody sees whose platform has its live video on servers of their own, while one of them is taken out of use. */
let stack: AsyncDisposableStack;
let cluster: ClusterHere;
let cameraPath: string;
/** Origin of the first server of live video. */
let media: string;

test.beforeAll(async () => {
  await using starting = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'cardea-servers-'));
  starting.defer(() => rm(directory, { recursive: true, force: true }));
  cluster = starting.use(await ClusterHere.start({ hub: 'scheduling,access,video,api' }));
  ({ url: media } = await cluster.startNode('media-1', 'media'));
  const { client, homeId, url } = cluster.owner;
  const { code } = await client.call('bindingCode.create', { params: { id: homeId }, body: {} });
  const run = ['device', 'run', '--platform', url, '--state', join(directory, 'camera'), '--binding-code', code, '--log-level', 'error'];
  starting.use(new CardeaProcess(run));
  cameraPath = await eventually('a camera that is online', async () => {
    const { items } = await client.call('device.list', {});
    return items[0]?.state === 'online' && items[0].capabilities !== null ? `/cameras/${items[0].id}/1` : undefined;
  });
  stack = starting.move();
});

test.afterAll(async () => {
  await stack?.[Symbol.asyncDispose]();
});

const microphone = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];
test.use({ launchOptions: { executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', ...microphone] } });

test('the app shows live pictures of another server, and goes on, talking too, when they move to the next', async ({ page }) => {
  const { url } = cluster.owner;
  const faults: string[] = [];
  const sockets: string[] = [];
  const talks: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  page.on('websocket', (socket) => {
    const { host, pathname } = new URL(socket.url());
    (pathname.startsWith('/talk/') ? talks : sockets).push(host);
  });
  await page.goto(`${url}/login`);
  await page.getByLabel('E-mail').fill('owner@example.org');
  await page.getByLabel('Password', { exact: true }).fill('correct horse battery');
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'Home' })).toBeVisible();
  await page.goto(url + cameraPath);
  await expectMovingPicture(page.locator('video').first());
  const first = new URL(media).host;
  expect(new Set(sockets)).toEqual(new Set([first]));
  expect(faults).toEqual([]);

  const speaking = page.getByRole('status').filter({ hasText: 'Speak now' });
  await page.getByRole('button', { name: 'Hold to talk' }).hover();
  await page.mouse.down();
  await expect(speaking).toBeVisible();
  expect(talks).toEqual([first]);

  await cluster.startNode('media-2', 'media');
  await using operator = new CardeaProcess(['drain', '--node', 'media-1', '--bus', cluster.bus.url]);
  expect(await operator.exited()).toBe(0);
  // The page knows nothing of a server that came after it, so its own host leads there.
  await expect.poll(() => sockets.at(-1), { timeout: 30_000 }).toBe(new URL(url).host);
  await expectMovingPicture(page.locator('video').first());
  await expect(speaking).toBeVisible();
  expect(talks.at(-1), 'the held button talks on').toBe(new URL(url).host);
  await page.mouse.up();
  await page.reload();
  await expectMovingPicture(page.locator('video').first());
  expect(sockets.at(-1)).not.toBe(new URL(url).host);
});
