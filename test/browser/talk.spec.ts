import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { chromium, expect, type Page, test } from '@playwright/test';
import { CardeaProcess } from '../e2e/cardea-process.ts';
import { HEARD_FILE, type Heard, heardBy } from '../e2e/device-management/talker.ts';
import { eventually } from '../e2e/eventually.ts';
import { setUpOwner } from '../e2e/owner.ts';

/** What somebody does who answers the door: holds the button and speaks. */
test.describe.configure({ mode: 'serial' });

let directory: string;
let platform: CardeaProcess;
let device: CardeaProcess;
let url: string;
let cameraPath: string;
/** What is in front of the microphone: a tone that comes and goes, since noise does not. */
const TONE_HZ = 1_200;
const tone = `aevalsrc='0.5*sin(2*PI*${TONE_HZ}*t)*lt(mod(t,0.5),0.3)':sample_rate=48000:duration=10`;

test.beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cardea-talk-'));
  await promisify(execFile)('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', tone, '-c:a', 'pcm_s16le', join(directory, 'tone.wav')]);
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

test('holding the button speaks through the camera, in Opus or as a telephone does, and letting go ends it', async () => {
  const microphone = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];
  const args = ['--no-sandbox', '--disable-gpu', ...microphone, `--use-file-for-fake-audio-capture=${join(directory, 'tone.wav')}`];
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args });
  try {
    const page = await browser.newPage();
    await openCamera(page);
    const button = page.getByRole('button', { name: 'Hold to talk' });
    const speaks = page.getByRole('status').filter({ hasText: 'Speak now' });
    await button.hover();
    await page.mouse.down();
    await expect(speaks).toBeVisible();
    // A while of the tone; nothing but time makes it longer.
    await page.waitForTimeout(2_000);
    await page.mouse.up();
    await expect(button).toBeVisible();
    const heard = await heardOnce();
    expect(heard).toMatchObject({ codec: 'opus', hertz: TONE_HZ });
    expect(heard.durationMs).toBeGreaterThan(1_500);

    await page.evaluate(() => Reflect.deleteProperty(globalThis, 'AudioEncoder'));
    await page.keyboard.down('t');
    await expect(speaks).toBeVisible();
    await page.waitForTimeout(1_000);
    await page.keyboard.up('t');
    await expect(button).toBeVisible();
    expect(await heardOnce()).toMatchObject({ codec: 'pcm_mulaw', hertz: TONE_HZ });
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

/** What came out of the loudspeaker, which forgets it. */
async function heardOnce(): Promise<Heard> {
  const state = join(directory, 'device');
  const heard = await eventually('the loudspeaker is silent again', () => heardBy(state));
  await rm(join(state, HEARD_FILE));
  return heard;
}
