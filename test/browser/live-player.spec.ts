import { expect, type Locator, type Page, test, type WebSocketRoute } from '@playwright/test';
import { type HomeWithCamera, startHomeWithCamera } from '../support/home-with-camera.ts';
import { expectMovingPicture } from './moving-picture.ts';

/** What the app does about sound, about a line that stands still or is too weak, and about privacy, on one page that stays open. */
test.describe.configure({ mode: 'serial' });

let home: HomeWithCamera;
let page: Page;
let line: Line;
let video: Locator;

test.beforeAll(async ({ browser }) => {
  home = await startHomeWithCamera();
  page = await browser.newPage();
  line = await Line.to(page);
  const { deviceId, owner } = home;
  await page.goto(`${owner.url}/login`);
  await page.getByLabel('E-mail').fill('owner@example.org');
  await page.getByLabel('Password', { exact: true }).fill('correct horse battery');
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'Home' })).toBeVisible();
  await page.goto(`${owner.url}/cameras/${deviceId}/1`);
  video = page.locator('video').first();
  await expectMovingPicture(video);
});

test.afterAll(async () => {
  await page?.close();
  await home?.[Symbol.asyncDispose]();
});

test('the sound of a live picture is turned on and off, and a player that fell behind catches up without a jump in it', async () => {
  test.setTimeout(180_000);
  await page.getByRole('button', { name: 'Sound on' }).click();
  await expect(video).toHaveJSProperty('muted', false);
  await expect(video).toHaveJSProperty('preservesPitch', true);
  // A machine that stands still for seconds itself makes any player run dry, or jump: such a try says nothing.
  const tries: CatchUp[] = [];
  const isSmooth = ({ isNearer, jumps, waits }: CatchUp) => isNearer && jumps + waits === 0;
  while (tries.length < 8 && !tries.some(isSmooth)) tries.push(await fallBehindAndCatchUp());
  expect(tries.at(-1)).toMatchObject({ isNearer: true, jumps: 0, waits: 0 });
  const rates = tries.flatMap((one) => one.rates);
  expect(Math.max(...rates)).toBeGreaterThan(1);
  // By a tenth at the most, which nobody hears at the same pitch.
  expect(Math.max(...rates)).toBeLessThanOrEqual(1.1);
  await page.getByRole('button', { name: 'Sound off' }).click();
  await expect(video).toHaveJSProperty('muted', true);
});

test('over a line too weak for the large stream the app goes on with the small one', async () => {
  const { capabilities } = await home.owner.client.call('device.get', { params: { id: home.deviceId } });
  const [wide = 0] = capabilities?.channels[0]?.video.find(({ stream }) => stream === 'main')?.resolutions[0] ?? [];
  const widthShown = () => video.evaluate((shown: HTMLVideoElement) => shown.videoWidth);
  expect(await widthShown()).toBe(wide);
  const asked = page.waitForRequest((request) => request.method() === 'POST' && request.url().endsWith('/live'));
  // As the platform does with whoever keeps falling behind.
  line.close(1013, 'too slow');
  expect((await asked).postDataJSON()).toMatchObject({ stream: 'sub' });
  await expect.poll(async () => [0, wide].includes(await widthShown()), { timeout: 20_000 }).toBe(false);
});

test('when privacy mode is turned on the picture is called private at once, and it is live again some time after', async () => {
  const badge = page.locator('[class*="badge"]').first();
  await expect(badge).toHaveText('Live');
  const said = await badge.evaluateHandle((shown) => {
    const texts: (string | null)[] = [];
    new MutationObserver(() => texts.push(shown.textContent)).observe(shown, { subtree: true, childList: true, characterData: true });
    return texts;
  });
  const { deviceId, owner } = home;
  await owner.client.command(deviceId, 'config.set', { channel: 1, patch: { 'privacy.mode': 'on' } });
  await expect(badge).toHaveText(/^Private/);
  expect((await said.jsonValue()).filter((text) => text !== 'Live' && !text?.startsWith('Private'))).toEqual([]);
  await owner.client.command(deviceId, 'config.set', { channel: 1, patch: { 'privacy.mode': 'off' } });
  await expect(badge).toHaveText('Live', { timeout: 30_000 });
});

/** The line from the platform to the page, on which live pictures can be held up for a while. */
class Line {
  private socket: WebSocketRoute | undefined;
  private held: (() => void)[] | undefined;

  static async to(page: Page): Promise<Line> {
    const line = new Line();
    await page.routeWebSocket(/\/live\//, (socket) => {
      line.socket = socket;
      socket.connectToServer().onMessage((message) => line.pass(() => socket.send(message)));
    });
    return line;
  }

  hold(): void {
    this.held = [];
  }

  release(): void {
    const held = this.held ?? [];
    this.held = undefined;
    for (const pass of held) pass();
  }

  /** Ends the newest connection, as the platform would. */
  close(code: number, reason: string): void {
    void this.socket?.close({ code, reason });
  }

  private pass(pass: () => void): void {
    if (this.held === undefined) pass();
    else this.held.push(pass);
  }
}

/** What a player did from the end of a break in the line on. */
interface CatchUp {
  /** It came a third of a second nearer to the newest picture than it was. */
  readonly isNearer: boolean;
  readonly jumps: number;
  readonly waits: number;
  readonly rates: readonly number[];
}

/** The longest a player keeps in reserve on a line that breaks again and again, in seconds. */
const RESERVE_MAX_SEC = 1.5;

async function fallBehindAndCatchUp(): Promise<CatchUp> {
  const behindSec = await video.evaluate((shown: HTMLVideoElement) => shown.buffered.end(shown.buffered.length - 1) - shown.currentTime);
  line.hold();
  // Nothing but time puts a player behind.
  await page.waitForTimeout((Math.min(behindSec, RESERVE_MAX_SEC) + 0.8) * 1_000);
  line.release();
  return await video.evaluate(async (shown: HTMLVideoElement) => {
    const rates = [shown.playbackRate];
    const jumps: Event[] = [];
    const waits: Event[] = [];
    const listening = new AbortController();
    shown.addEventListener('ratechange', () => rates.push(shown.playbackRate), listening);
    shown.addEventListener('seeking', (event) => jumps.push(event), listening);
    shown.addEventListener('waiting', (event) => waits.push(event), listening);
    let farthestSec = 0;
    let isNearer = false;
    for (let looks = 0; looks < 120 && !isNearer && jumps.length === 0; looks += 1) {
      const nowSec = shown.buffered.end(shown.buffered.length - 1) - shown.currentTime;
      farthestSec = Math.max(farthestSec, nowSec);
      isNearer = nowSec < farthestSec - 0.33;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    listening.abort();
    return { isNearer, jumps: jumps.length, waits: waits.length, rates };
  });
}
