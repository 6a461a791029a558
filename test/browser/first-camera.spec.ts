import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { CardeaProcess } from '../e2e/cardea-process.ts';
import { expectMovingPicture } from './moving-picture.ts';

/** A newcomer's first five minutes: set-up link, own account, first camera, log out, log in again. */
test.describe.configure({ mode: 'serial' });

const EMAIL = 'newcomer@example.org';
const PASSWORD = 'a few easy words';

let directory: string;
let platform: CardeaProcess;
let url: string;

test.beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cardea-browser-'));
  platform = new CardeaProcess(['serve', '--data', join(directory, 'data'), '--listen', '127.0.0.1:0', '--log-level', 'warn']);
  [, url = ''] = await platform.printed(/^Cardea is ready at (.+)$/);
});

test.afterAll(async () => {
  await platform[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

test('the set-up link makes the owner, and a camera started with the shown code appears by itself', async ({ page }) => {
  const [, link = ''] = await platform.printed(/^Set-up link: (.+)$/);
  await page.goto(link);
  await page.getByLabel('Your name').fill('Newcomer');
  await page.getByLabel('E-mail').fill(EMAIL);
  await page.getByLabel(/^Password/).fill(PASSWORD);
  await page.getByRole('button', { name: 'Create my account' }).click();
  await expect(page.getByText('Your cameras will be here')).toBeVisible();

  await page.getByRole('button', { name: 'Add a camera' }).first().click();
  const code = page.getByText(/^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{1,4}){2,4}$/).first();
  await expect(code).toBeVisible();
  const bindingCode = (await code.textContent()) ?? '';
  await using _agent = new CardeaProcess([
    ...['device', 'run', '--platform', url, '--state', join(directory, 'camera'), '--log-level', 'warn'],
    ...['--binding-code', bindingCode],
  ]);
  await page.keyboard.press('Escape');
  await expectMovingPicture(page.locator('video').first());
});

test('a wrong password is refused in words, the right one logs in', async ({ page }) => {
  await page.goto(url);
  await page.getByLabel('E-mail').fill(EMAIL);
  await page.getByLabel(/^Password/).fill('not this one');
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect(page.getByText('The e-mail address or the password is not right.')).toBeVisible();
  await page.getByLabel(/^Password/).fill(PASSWORD);
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect(page.getByRole('heading', { name: 'Home' })).toBeVisible();
  await expect(page.getByRole('link', { name: /Simulated camera|Front door/ })).toBeVisible();
});
