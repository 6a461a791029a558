import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { OidcServer } from '../../packages/platform/src/testing/oidc-server.ts';
import { CardeaProcess } from '../e2e/cardea-process.ts';

/** Logging in at another provider, which runs beside. */
test.describe.configure({ mode: 'serial' });

let directory: string;
let provider: OidcServer;
let platform: CardeaProcess;
let url: string;

test.beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cardea-provider-'));
  provider = await OidcServer.open();
  provider.user = 'ann';
  provider.accounts.set('ann', { email: 'ann@corp.example', email_verified: true, name: 'Ann' });
  provider.accounts.set('bob', { email: 'bob@corp.example', email_verified: true, name: 'Bob', groups: ['cardea'] });
  const serve = ['serve', '--data', join(directory, 'data'), '--listen', '127.0.0.1:0', '--log-level', 'warn'];
  platform = new CardeaProcess(serve, {
    CARDEA_OIDC_ISSUER: provider.issuer,
    CARDEA_OIDC_CLIENT_ID: provider.client.client_id,
    CARDEA_OIDC_CLIENT_SECRET: provider.client.client_secret,
    CARDEA_OIDC_LABEL: 'Corp',
    CARDEA_OIDC_OPERATOR_CLAIM: 'groups=cardea',
  });
  [, url = ''] = await platform.printed(/^Cardea is ready at (.+)$/);
  await provider.serve(url);
});

test.afterAll(async () => {
  await platform[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

test('the owner links an account, logs out there as well, and logs in with it', async ({ page }) => {
  const [, link = ''] = await platform.printed(/^Set-up link: (.+)$/);
  await page.goto(link);
  await page.getByLabel('Your name').fill('Owner');
  await page.getByLabel('E-mail').fill('owner@home.example');
  await page.getByLabel(/^Password/).fill('a few easy words');
  await page.getByRole('button', { name: 'Create my account' }).click();
  await expect(page.getByText('Your cameras will be here')).toBeVisible();

  await page.goto(`${url}/account`);
  await page.getByRole('button', { name: 'Link my account at Corp' }).click();
  await page.getByRole('button', { name: 'Log in at the provider' }).click();
  await expect(page.getByRole('list', { name: 'Log in with Corp' }).getByText('ann@corp.example')).toBeVisible();

  await page.getByRole('button', { name: 'Log out', exact: true }).click();
  await page.getByRole('button', { name: 'Log in with Corp' }).click();
  await expect(page.getByRole('heading', { name: 'Account' })).toBeVisible();
  await expect(page.getByText('owner@home.example')).toBeVisible();
  expect(new URL(page.url()).search, 'the answer of the provider is gone from the address').toBe('');
});

test('an account that nobody linked is told so, and one with the claim runs the platform', async ({ browser }) => {
  provider.user = 'stranger';
  const stranger = await (await browser.newContext()).newPage();
  const enter = async (page: typeof stranger): Promise<void> => {
    await page.goto(url);
    await page.getByRole('button', { name: 'Log in with Corp' }).click();
    await page.getByRole('button', { name: 'Log in at the provider' }).click();
  };
  await enter(stranger);
  await expect(stranger.getByText('No account here belongs to it yet.')).toBeVisible();
  await stranger.context().close();

  provider.user = 'bob';
  const operator = await (await browser.newContext()).newPage();
  await enter(operator);
  await expect(operator.getByRole('heading', { name: 'Home' })).toBeVisible();
  await operator.goto(`${url}/account`);
  await expect(operator.getByRole('heading', { name: 'This Cardea' })).toBeVisible();
  await operator.context().close();
});
