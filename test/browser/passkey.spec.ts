import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { CardeaProcess } from '../e2e/cardea-process.ts';

/** Passkeys in Chromium, with an authenticator that Chromium simulates. */
test.describe.configure({ mode: 'serial' });

const EMAIL = 'ann@example.org';
const PASSWORD = 'a few easy words';

let directory: string;
let platform: CardeaProcess;
let url: string;
let page: Page;

test.beforeAll(async ({ browser }) => {
  directory = await mkdtemp(join(tmpdir(), 'cardea-passkey-'));
  platform = new CardeaProcess(['serve', '--data', join(directory, 'data'), '--listen', 'localhost:0', '--log-level', 'warn']);
  [, url = ''] = await platform.printed(/^Cardea is ready at (.+)$/);
  page = await (await browser.newContext()).newPage();
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('WebAuthn.enable', { enableUI: false });
  const options = { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true } as const;
  await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: { ...options, isUserVerified: true, automaticPresenceSimulation: true },
  });
});

test.afterAll(async () => {
  await page.context().close();
  await platform[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

/** Leaves for a login page that does not offer the passkey by itself, as in browsers that cannot. */
async function logOut(): Promise<void> {
  await page.addInitScript(() => {
    PublicKeyCredential.isConditionalMediationAvailable = async () => false;
  });
  await page.goto(`${url}/account`);
  await page.getByRole('button', { name: 'Log out', exact: true }).click();
  await expect(page.getByRole('button', { name: 'Log in', exact: true })).toBeVisible();
}

test('a passkey is made on the account page', async () => {
  const [, link = ''] = await platform.printed(/^Set-up link: (.+)$/);
  await page.goto(link);
  await page.getByLabel('Your name').fill('Ann');
  await page.getByLabel('E-mail').fill(EMAIL);
  await page.getByLabel(/^Password/).fill(PASSWORD);
  await page.getByRole('button', { name: 'Create my account' }).click();
  await expect(page.getByText('Your cameras will be here')).toBeVisible();

  await page.goto(`${url}/account`);
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await page.getByLabel('Name of the device').fill('Phone');
  await page.getByRole('button', { name: 'Make the passkey' }).click();
  const list = page.getByRole('list', { name: 'Passkeys' });
  await expect(list.getByText('Phone')).toBeVisible();

  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await page.getByRole('button', { name: 'Make the passkey' }).click();
  await expect(page.getByText('This device has a passkey for this account already.')).toBeVisible();
});

test('the browser offers the passkey by itself, and nothing has to be typed', async () => {
  await page.goto(`${url}/account`);
  const login = page.waitForResponse((response) => new URL(response.url()).pathname === '/api/v1/sessions/passkey');
  await page.getByRole('button', { name: 'Log out', exact: true }).click();
  expect((await login).status()).toBe(201);
  await expect(page.getByRole('heading', { name: 'Account' })).toBeVisible();
});

test('the passkey logs in at a button, where the browser offers nothing', async () => {
  await logOut();
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await expect(page.getByRole('heading', { name: 'Account' })).toBeVisible();
});

test('a removed passkey logs nobody in, and the password goes on to work', async () => {
  await page.goto(`${url}/account`);
  const list = page.getByRole('list', { name: 'Passkeys' });
  await list.getByRole('button', { name: 'Rename' }).click();
  await list.getByLabel('Name of the device').fill('Old phone');
  await list.getByRole('button', { name: 'Save' }).click();
  await expect(list.getByText('Old phone')).toBeVisible();
  await list.getByRole('button', { name: 'Remove' }).click();
  await list.getByRole('button', { name: 'Remove' }).click();
  await expect(list.getByText('Old phone')).toBeHidden();
  await logOut();
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await expect(page.getByText('This passkey is not known here any more.')).toBeVisible();
  await page.getByLabel('E-mail').fill(EMAIL);
  await page.getByLabel(/^Password/).fill(PASSWORD);
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'Account' })).toBeVisible();
});
