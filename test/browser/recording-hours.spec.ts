import { expect, type Page, test } from '@playwright/test';
import { eventually } from '../e2e/eventually.ts';
import { type HomeWithCamera, startHomeWithCamera } from '../support/home-with-camera.ts';

/** What a camera records is chosen in the app, on a phone and by keyboard, and the camera takes it over. */
let home: HomeWithCamera;

test.beforeAll(async () => {
  home = await startHomeWithCamera();
});

test.afterAll(async () => {
  await home?.[Symbol.asyncDispose]();
});

test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, timezoneId: 'Asia/Tokyo', locale: 'en-GB' });

async function openDialog(page: Page): Promise<void> {
  await page.goto(`${home.owner.url}/cameras/${home.deviceId}/1`);
  const email = page.getByLabel('E-mail');
  const button = page.getByRole('button', { name: 'Recording', exact: true });
  await expect(email.or(button)).toBeVisible();
  if (await email.isVisible()) {
    await email.fill('owner@example.org');
    await page.getByLabel(/^Password/).fill('correct horse battery');
    await page.getByRole('button', { name: 'Log in' }).click();
  }
  await button.click();
  await expect(page.getByLabel('What is recorded')).toBeVisible();
}

async function configOf(keys: string[]): Promise<Readonly<Record<string, unknown>>> {
  const answer = (await home.owner.client.command(home.deviceId, 'config.get', { channel: 1, keys })) as {
    config: Record<string, unknown>;
  };
  return answer.config;
}

test('hours of a week are chosen with taps and keys, reach the camera, and are shown again', async ({ page }) => {
  const { client, homeId } = home.owner;
  await client.call('home.update', { params: { id: homeId }, body: { timezone: 'Europe/Berlin' } });
  await openDialog(page);
  await page.getByLabel('What is recorded').selectOption('Everything');
  await page.getByLabel('In these hours of the week').check();
  const week = page.getByRole('table', { name: 'Hours of the week in which it is recorded' });
  // All hours are chosen at first: a day goes with one tap, an hour with another.
  await week.getByRole('button', { name: 'All of Sunday' }).tap();
  await week.getByRole('button', { name: 'Saturday, 23' }).tap();
  // With the keyboard: from Monday midnight down two hours, taking the choice along after letting the first go.
  await week.getByRole('button', { name: 'Monday, 00' }).focus();
  await page.keyboard.press('Space');
  await page.keyboard.press('Shift+ArrowDown');
  await page.keyboard.press('ArrowDown');
  await expect(week.getByRole('button', { name: 'Monday, 02' })).toBeFocused();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(week).toBeHidden();
  await eventually('the camera has taken it over', async () => {
    const { pending } = await client.call('retention.ofDevice', { params: { id: home.deviceId } });
    return pending === true ? undefined : true;
  });
  expect(await configOf(['record.cloud.mode', 'record.cloud.schedule', 'device.timezone'])).toEqual({
    'record.cloud.mode': 'schedule',
    'record.cloud.schedule': [
      { days: [1], startSec: 7_200, endSec: 86_400, mode: 'continuous' },
      { days: [2, 3, 4, 5], startSec: 0, endSec: 86_400, mode: 'continuous' },
      { days: [6], startSec: 0, endSec: 82_800, mode: 'continuous' },
    ],
    'device.timezone': 'Europe/Berlin',
  });
  await page.reload();
  await openDialog(page);
  await expect(week.getByRole('button', { name: 'Sunday, 12' })).toHaveAttribute('aria-pressed', 'false');
  await expect(week.getByRole('button', { name: 'Monday, 02' })).toHaveAttribute('aria-pressed', 'true');
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);

  // A camera that may no longer connect is gone at once, and the page says so when it is opened again.
  await page.keyboard.press('Escape');
  await expect(week).toBeHidden();
  const mayConnect = page.getByRole('switch', { name: 'May connect' });
  const device = () => client.call('device.get', { params: { id: home.deviceId } });
  await mayConnect.click();
  await expect.poll(async () => (await device()).disabled).toBe(true);
  expect((await device()).state).toBe('offline');
  await page.reload();
  await expect(mayConnect).not.toBeChecked();
  await mayConnect.click();
  await expect.poll(async () => (await device()).disabled).toBe(undefined);
});
