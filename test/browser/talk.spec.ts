import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, expect, type Page, test } from '@playwright/test';
import { CardeaProcess } from '../e2e/cardea-process.ts';
import { eventually } from '../e2e/eventually.ts';
import { setUpOwner } from '../e2e/owner.ts';

/** What somebody does who answers the door: holds the button and speaks. Chromium beeps into its own microphone. */
test.describe.configure({ mode: 'serial' });

let directory: string;
let platform: CardeaProcess;
let device: CardeaProcess;
let url: string;
let cameraPath: string;

test.beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cardea-talk-'));
  platform = new CardeaProcess(['serve', '--data', join(directory, 'data'), '--listen', '127.0.0.1:0']);
  const owner = await setUpOwner(platform);
  url = owner.url;
  const { code } = await owner.client.call('bindingCode.create', { params: { id: owner.homeId }, body: {} });
  device = new CardeaProcess(['device', 'run', '--platform', url, '--state', join(directory, 'device'), '--binding-code', code]);
  cameraPath = await eventually('the camera is there', async () => {
    const { items } = await owner.client.call('device.list', {});
    return items[0]?.state === 'online' && items[0].capabilities !== null ? `/cameras/${items[0].id}/1` : undefined;
  });
});

test.afterAll(async () => {
  await device[Symbol.asyncDispose]();
  await platform[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

async function openCamera(page: Page): Promise<void> {
  await page.goto(`${url}/login`);
  await page.getByLabel('E-mail').fill('owner@example.org');
  await page.getByLabel('Password', { exact: true }).fill('correct horse battery');
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect(page.getByRole('heading', { name: 'Home' })).toBeVisible();
  await page.goto(url + cameraPath);
}

test('holding the button speaks through the camera, and letting go ends it', async () => {
  const args = ['--no-sandbox', '--disable-gpu', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args });
  try {
    const page = await browser.newPage();
    await openCamera(page);
    const button = page.getByRole('button', { name: 'Hold to talk' });
    await button.hover();
    await page.mouse.down();
    await expect(page.getByRole('status').filter({ hasText: 'Speak now' })).toBeVisible();
    // The microphone beeps once a second.
    await page.waitForTimeout(2_500);
    await page.mouse.up();
    await expect(button).toBeVisible();
    const heard = await eventually('the loudspeaker is silent again', () => samplesHeard());
    expect(heard.length / 8_000, 'seconds heard').toBeGreaterThan(1.5);
    expect(Math.max(...heard), 'loudness of the beep').toBeGreaterThan(1_000);
    await page.keyboard.down('t');
    await expect(page.getByRole('status').filter({ hasText: 'Speak now' })).toBeVisible();
    await page.keyboard.up('t');
    await expect(page.getByRole('button', { name: 'Hold to talk' })).toBeVisible();
  } finally {
    await browser.close();
  }
});

test('who does not allow the microphone is told what to do', async ({ page }) => {
  await openCamera(page);
  await page.getByRole('button', { name: 'Hold to talk' }).hover();
  await page.mouse.down();
  await expect(page.getByText(/microphone/i).filter({ hasText: /allow it|was found/i })).toBeVisible();
  await page.mouse.up();
});

async function samplesHeard(): Promise<readonly number[] | undefined> {
  const file = await readFile(join(directory, 'device', 'heard.wav')).catch(() => undefined);
  if (file === undefined) return undefined;
  return Array.from({ length: (file.length - 44) / 2 }, (_, index) => file.readInt16LE(44 + 2 * index));
}
