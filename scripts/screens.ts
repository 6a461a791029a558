import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Browser, type BrowserContext, chromium, type Page } from '@playwright/test';
import { CardeaProcess } from '../test/e2e/cardea-process.ts';

/**
 * Takes the pictures in `docs/screens` anew: `node scripts/screens.ts [DIRECTORY]`. Starts the demo, lets it record for some
 * minutes, and looks at each page as on a desk and in a hand, light and dark. Look at them whenever a page changes.
 */
const target = process.argv[2] ?? join(import.meta.dirname, '..', 'docs', 'screens');

interface Look {
  /** As the pictures of it are named. */
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly colorScheme: 'light' | 'dark';
}

const desktop: Look = { name: 'desktop-light', width: 1_440, height: 900, colorScheme: 'light' };
const phone: Look = { name: 'phone-dark', width: 390, height: 844, colorScheme: 'dark' };
const lightPhone: Look = { ...phone, name: 'phone-light', colorScheme: 'light' };
const darkDesktop: Look = { ...desktop, name: 'desktop-dark', colorScheme: 'dark' };

/** So much there is to see of recordings. */
const RECORDED_MS = 150_000;
/** What loads after the page: pictures, small pictures, fonts. */
const SETTLE_MS = 2_500;
/** The simulated cameras show a bright afternoon. */
const HOUR_OF_DAY = 15;
const MINUTE_MS = 60_000;

const launch = {
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--autoplay-policy=no-user-gesture-required'],
};

interface Studio {
  readonly browser: Browser;
  readonly origin: string;
  /** Of somebody who is logged in. */
  readonly storageState: Awaited<ReturnType<BrowserContext['storageState']>>;
  readonly timezoneId: string;
}

class Photographer implements AsyncDisposable {
  private readonly studio: Studio;

  private constructor(studio: Studio) {
    this.studio = studio;
  }

  /** Logs in by a link of the demo. */
  static async open(link: string, timezoneId: string): Promise<Photographer> {
    const browser = await chromium.launch(launch);
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(link);
    await page.getByText('Front door').waitFor();
    return new Photographer({ browser, origin: new URL(link).origin, storageState: await context.storageState(), timezoneId });
  }

  /** What the user API answers. */
  async ask(method: 'GET' | 'POST', path: string, body?: object): Promise<Record<string, unknown>> {
    const { browser, origin, storageState } = this.studio;
    const context = await browser.newContext({ storageState });
    const url = `${origin}/api/v1${path}`;
    const headers = { origin };
    const response = await context.request.fetch(url, { method, headers, ...(body !== undefined && { data: body }) });
    if (!response.ok()) throw new Error(`${method} ${path} answered ${response.status()}: ${await response.text()}`);
    const answer = (await response.json()) as Record<string, unknown>;
    await context.close();
    return answer;
  }

  /** One picture of all of a page, after `prepare` made it what it is to show. */
  async take(name: string, address: string, look: Look, prepare: (page: Page) => Promise<void>): Promise<void> {
    const { browser, origin, storageState, timezoneId } = this.studio;
    const { width, height, colorScheme } = look;
    const setting = { viewport: { width, height }, colorScheme, locale: 'en-GB', timezoneId };
    const context = await browser.newContext({ ...setting, ...(!address.startsWith('/s/') && { storageState }) });
    const page = await context.newPage();
    await page.goto(origin + address);
    await prepare(page);
    await wait(SETTLE_MS);
    const fullHeight = await page.evaluate(() => document.documentElement.scrollHeight);
    await page.setViewportSize({ width, height: Math.max(height, fullHeight) });
    await wait(SETTLE_MS);
    await page.screenshot({ path: join(target, `${name}-${look.name}.png`) });
    await context.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.studio.browser.close();
  }
}

/** A zone without summer time where it is this hour now. */
function zoneWhereItIs(hour: number): string {
  const behind = (((new Date().getUTCHours() - hour) % 24) + 24) % 24;
  return behind <= 12 ? `Etc/GMT+${behind}` : `Etc/GMT-${24 - behind}`;
}

async function seeVideo(page: Page): Promise<void> {
  await page.waitForFunction(() => [...document.querySelectorAll('video')].some((video) => video.currentTime > 0.5));
}

/** Of a day on which nobody is at home until the late afternoon. */
async function chooseHours(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Recording', exact: true }).click();
  await page.getByLabel('What is recorded').selectOption('Everything');
  await page.getByLabel('In these hours of the week').check();
  const week = page.getByRole('table', { name: 'Hours of the week in which it is recorded' });
  for (const day of ['Saturday', 'Sunday']) await week.getByRole('button', { name: `All of ${day}` }).click();
  for (let hour = 18; hour < 24; hour += 1) {
    for (const day of ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday']) {
      await week.getByRole('button', { name: `${day}, ${hour}` }).click();
    }
  }
  await page.getByLabel('What is recorded').scrollIntoViewIfNeeded();
}

await mkdir(target, { recursive: true });
await using demo = new CardeaProcess(['demo', '--listen', '127.0.0.1:0']);
const [, link = ''] = await demo.printed(/^Open (http:\/\/127\.0\.0\.1:\S+)$/);
await using photographer = await Photographer.open(link, zoneWhereItIs(HOUR_OF_DAY));
const { items } = (await photographer.ask('GET', '/devices')) as {
  readonly items: readonly { readonly id: string; readonly name: string }[];
};
const frontDoor = items.find(({ name }) => name === 'Front door')?.id ?? '';
await wait(RECORDED_MS / 2);
for (const alarmType of ['person', 'motion']) {
  await photographer.ask('POST', `/devices/${frontDoor}/commands/alarm.trigger`, { channel: 1, alarmType, durationSec: 10 });
  await wait(RECORDED_MS / 4);
}
const now = Date.now();
const clip = { kind: 'clip', deviceId: frontDoor, channel: 1, from: now - 2 * MINUTE_MS, to: now - MINUTE_MS / 2, watermark: true };
const { url } = await photographer.ask('POST', '/shares', { ...clip, expiresAt: now + 24 * 60 * MINUTE_MS });
const camera = `/cameras/${frontDoor}/1`;

for (const look of [desktop, phone]) {
  await photographer.take('home', '/', look, seeVideo);
  await photographer.take('camera', camera, look, seeVideo);
  await photographer.take('recording-hours', camera, look, chooseHours);
  await photographer.take('devices', '/devices', look, (page) => page.getByText('Front door').first().waitFor());
}
for (const look of [darkDesktop, lightPhone]) {
  await photographer.take('timeline', '/timeline', look, async (page) => {
    const slider = page.getByRole('slider', { name: 'Time on show' }).first();
    await slider.waitFor();
    for (let step = 0; step < 6; step += 1) await page.keyboard.press('j');
    await page.getByRole('button', { name: 'Play' }).click();
    await seeVideo(page);
  });
}
for (const look of [desktop, phone])
  await photographer.take('share', new URL(String(url)).pathname, look, (page) => page.locator('video').waitFor());
