import { execFileSync } from 'node:child_process';
import { mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Segment } from '@cardea/api';
import { makeRecipientKey, type RecipientKeyPair, sealKeyFile } from '@cardea/media';
import { expect, type Page, test } from '@playwright/test';
import { CardeaProcess } from '../e2e/cardea-process.ts';
import { eventually } from '../e2e/eventually.ts';
import { makeFilm } from '../support/film.ts';
import { type HomeWithCamera, startHomeWithCamera } from '../support/home-with-camera.ts';
import { recorded, SegmentDevice } from '../support/segment-device.ts';
import { expectMovingPicture } from './moving-picture.ts';

/** What becomes of recordings after they are stored: opened by those who hold a key, saved as clips, exported as cases. */
test.describe.configure({ mode: 'serial' });

const PASSPHRASE = 'correct horse battery';

let home: HomeWithCamera;

test.beforeAll(async () => {
  home = await startHomeWithCamera();
  const patch = { 'record.cloud.mode': 'off' };
  await home.owner.client.command(home.deviceId, 'config.set', { channel: 1, patch });
});

test.afterAll(async () => {
  await home?.[Symbol.asyncDispose]();
});

/** What the camera records of `seconds`, stored, in the order of time. */
async function record(seconds: number): Promise<readonly Segment[]> {
  const { owner, deviceId } = home;
  const from = Date.now() - 3_000;
  await owner.client.command(deviceId, 'record.start', { channel: 1, target: 'cloud', durationSec: seconds, reason: 'manual' });
  return await eventually('what was recorded is stored', async () => {
    const { items } = await owner.client.call('segment.list', { params: { id: deviceId }, query: { channel: 1, from } });
    const own = items.filter(({ kind, stream }) => kind === 'manual' && stream === 'main');
    return own.reduce((sum, { startAt, endAt }) => sum + endAt - startAt, 0) >= (seconds - 1) * 1_000 ? own : undefined;
  });
}

async function openCamera(page: Page, deviceId = home.deviceId): Promise<void> {
  await page.goto(`${home.owner.url}/cameras/${deviceId}/1`);
  await page.getByLabel('E-mail').fill('owner@example.org');
  await page.getByLabel(/^Password/).fill('correct horse battery');
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect(page.getByRole('heading', { name: 'Recordings' })).toBeVisible();
}

async function keyFile(pair: RecipientKeyPair) {
  return { name: 'my.key', mimeType: 'application/json', buffer: Buffer.from(await sealKeyFile(pair, PASSPHRASE)) };
}

/** Resolves when the camera encrypts what it records from now on, for whom the key is. */
async function encryptFor(publicKey: string): Promise<void> {
  const { client, homeId } = home.owner;
  await client.call('recipientKey.add', { params: { id: homeId }, body: { publicKey, name: 'Laptop' } });
  await client.command(home.deviceId, 'config.set', { channel: 1, patch: { 'record.encryption.mode': 'on' } });
  await eventually('the camera knows the key', async () => {
    const keys = ['record.encryption.recipients'];
    const { config } = (await client.command(home.deviceId, 'config.get', { channel: 1, keys })) as { config: Record<string, unknown> };
    return JSON.stringify(config).includes(publicKey) ? true : undefined;
  });
}

async function openKey(page: Page, pair: RecipientKeyPair, passphrase = PASSPHRASE): Promise<void> {
  await page.locator('input[type=file]').setInputFiles(await keyFile(pair));
  await page.getByLabel('Passphrase of the key').fill(passphrase);
  await page.getByRole('button', { name: 'Open', exact: true }).click();
}

/** The instant of the recording on show, as the picture says it. */
async function shownTime(page: Page): Promise<number> {
  const badge = await page.getByText(/^Recorded · /).textContent();
  const [, time = ''] = /Recorded · (.+)/.exec(badge ?? '') ?? [];
  return new Date(`${new Date().toDateString()} ${time.replace(/\s/, ' ')}`).getTime();
}

test('what a camera encrypted plays with the key of a member, and what cannot be had without it says so', async ({ page }) => {
  const { client } = home.owner;
  const [own, other] = [await makeRecipientKey(), await makeRecipientKey()];
  await encryptFor(Buffer.from(own.publicKey).toString('base64url'));
  const [first, last] = await record(12);
  const { items } = await client.call('segment.list', { params: { id: home.deviceId } });
  for (const { id, encryption } of items) if (encryption === undefined) await client.call('segment.delete', { params: { id } });
  await openCamera(page);
  await page
    .getByRole('button', { name: /^Play from/ })
    .first()
    .click();
  await expect(page.getByText('It opens with your key, here in your browser.')).toBeVisible();
  await openKey(page, own, 'wrong horse battery');
  await expect(page.getByText('The file or the passphrase is not the right one.')).toBeVisible();
  await openKey(page, other);
  await expect(page.getByText('it was encrypted for others')).toBeVisible();
  await openKey(page, own);
  await expectMovingPicture(page.locator('video').first());
  const shown = await shownTime(page);
  expect(shown).toBeGreaterThanOrEqual((first?.startAt ?? 0) - 1_000);
  expect(shown).toBeLessThan(last?.endAt ?? 0);
  // The key is at hand for what follows, another segment.
  const band = page.getByRole('slider', { name: 'Time on show' });
  const second = Math.ceil((last?.startAt ?? 0) / 1_000) * 1_000;
  await band.fill(String((second / 1_000) % 3_600));
  await expect.poll(() => shownTime(page)).toBeGreaterThanOrEqual(second);

  const box = await band.boundingBox();
  await page.mouse.move((box?.x ?? 0) + ((box?.width ?? 0) * Number(await band.inputValue())) / 3_600, (box?.y ?? 0) + 10);
  await expect(page.getByText('Encrypted: no small pictures')).toBeVisible();
  await page.getByText('Save a clip').click();
  await page.getByRole('button', { name: /^Save the clip/ }).click();
  await expect(page.getByText('Export a case, and open its files with “cardea decrypt”.')).toBeVisible();
  await page.getByRole('button', { name: 'Share' }).click();
  await page.getByRole('button', { name: 'Make the link' }).click();
  await expect(page.getByText('whoever has only the link has no key')).toBeVisible();
});

test('a case that is exported in the app is found to be what the camera recorded, and a changed byte is named', async ({ page }) => {
  const directory = await mkdtemp(join(tmpdir(), 'cardea-browser-case-'));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  await openCamera(page);
  await page.getByText('Save a clip').click();
  const downloading = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Export case' }).click();
  const archive = join(directory, 'case.tar');
  await (await downloading).saveAs(archive);
  const intact = stack.use(new CardeaProcess(['verify', archive, '--device', home.deviceId]));
  const [, count] = await intact.printed(/^intact +(\d+) of \1$/);
  expect(Number(count)).toBeGreaterThanOrEqual(2);
  expect(await intact.exited()).toBe(0);

  execFileSync('tar', ['xf', archive, '-C', directory]);
  const folder = join(directory, (await readdir(directory)).find((name) => name !== 'case.tar') ?? '');
  const [segment = ''] = (await readdir(join(folder, 'segments'))).toSorted();
  await using file = await open(join(folder, 'segments', segment), 'r+');
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, 5_000);
  await file.write(Buffer.from([buffer.readUInt8() ^ 1]), 0, 1, 5_000);
  const changed = stack.use(new CardeaProcess(['verify', folder]));
  await changed.printed(new RegExp(`^fault +segments/${segment} is changed$`));
  expect(await changed.exited()).toBe(1);
});

test('a clip over a change of format is offered in parts, and the hour on show stays in sight', async ({ page }) => {
  using device = await SegmentDevice.bind(home.owner);
  // What is stored later lies before.
  for (const height of [360, 240]) await device.store(recorded(await makeFilm({ seconds: 4, kbps: 400, height }), 4_000));
  await eventually('the device is shown as a camera', async () => {
    const { items } = await home.owner.client.call('device.list');
    return items.find(({ id, channels }) => id === device.deviceId && channels.length === 1);
  });
  await openCamera(page, device.deviceId);
  const hour = page.getByRole('group', { name: 'Hour' }).locator('[aria-pressed=true]');
  for (const [width, height] of [
    [1_440, 900],
    [390, 844],
    [1_000, 1_400],
  ] as const) {
    await page.setViewportSize({ width, height });
    await expect(hour).toBeInViewport();
  }
  await page.getByText('Save a clip').click();
  await page.getByRole('button', { name: /^Save the clip/ }).click();
  await expect(page.getByText('so it comes as 2 files')).toBeVisible();
  for (const [index, height] of [240, 360].entries()) {
    const downloading = page.waitForEvent('download');
    await page
      .getByRole('link', { name: /^\d.* to \d/ })
      .nth(index)
      .click();
    const size = ['-show_entries', 'stream=height', '-of', 'csv=p=0'];
    const probe = ['-v', 'error', '-select_streams', 'v', ...size, await (await downloading).path()];
    expect(execFileSync('ffprobe', probe).toString().trim()).toBe(String(height));
  }
});
