import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { actions } from '@cardea/api';
import { expect, type Page, test } from '@playwright/test';
import { eventually } from '../e2e/eventually.ts';
import { hostileTexts } from '../support/hostile-texts.ts';
import { LightDevice } from '../support/light-device.ts';
import { type PlatformProcess, startPlatformProcess } from '../support/platform-process.ts';

/** Whatever a device, a member or a visitor calls something, it is text on every page. */
test.describe.configure({ mode: 'serial' });

declare global {
  interface Window {
    onViolation(what: string): void;
  }
}

let platform: PlatformProcess;
let ids: Planted;

interface Planted {
  /** A camera whose alarms have the texts for their types. */
  readonly deviceId: string;
  readonly logId: string;
  readonly shares: readonly string[];
  readonly invitations: readonly string[];
}

/** Several of the texts in one place, where a page has but one. */
const bundles: readonly string[] = Array.from({ length: 4 }, (_, index) => hostileTexts.filter((_text, n) => n % 4 === index).join(' '));

test.beforeAll(async () => {
  platform = await startPlatformProcess();
  const { client, homeId, url } = platform.owner;
  const device = new LightDevice({ platformUrl: url });
  await device.start();
  await device.bind((await client.call('bindingCode.create', { params: { id: homeId }, body: {} })).code);
  await eventually('the device is known', async () => {
    const { capabilities } = await client.call('device.get', { params: { id: device.id } });
    return capabilities === null ? undefined : true;
  });
  await device.stop();
  ids = await plant(device.id);
});

test.afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
});

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Writes the texts where the platform keeps what others told it. */
async function plant(deviceId: string): Promise<Planted> {
  using db = new DatabaseSync(join(platform.data, 'cardea.db'));
  db.exec('PRAGMA busy_timeout = 5000');
  const { homeId } = platform.owner;
  const now = Date.now();
  const day = new Date(now).toISOString();
  const later = new Date(now + 86_400_000).toISOString();
  const insert = (table: string, row: Readonly<Record<string, SQLInputValue>>): void => {
    const names = Object.keys(row);
    db.prepare(`INSERT INTO "${table}" ("${names.join('","')}") VALUES (${names.map(() => '?').join(',')})`).run(...Object.values(row));
  };
  const [device] = db.prepare('SELECT * FROM device WHERE id = ?').all(deviceId);
  const [owner] = db.prepare('SELECT id FROM user').all();
  if (device === undefined || owner === undefined) throw new Error('nothing to start from');
  const userId = String(owner.id);
  const idOf = (index: number): string => `01KDVAEZ8T${String(index).padStart(16, '0')}`;
  const cameraOf = (index: number): string => String(index).padStart(26, '0');
  const right = { actions: JSON.stringify(actions), devices: '["*"]' };
  const share = { user_id: userId, home_id: homeId, binding_epoch: Number(device.binding_epoch), channel: 1, created_at: now };
  db.exec('BEGIN');
  for (const [index, text] of hostileTexts.entries()) {
    const id = idOf(index);
    insert('device', { ...device, id: cameraOf(index), name: text, vendor: text, model: text, serial: text, firmware: text });
    insert('device_event', {
      ...{ id, device_id: deviceId, event_id: id, home_id: homeId, kind: 'alarm', type: text, channel: 1, state: 'start', text },
      ...{ occurred_at: now - index, received_at: now, params: '{}', answer: '{}', reviewed: 0 },
    });
    insert('user', { id, name: text, email: `${index}@example.org`, emailVerified: 1, createdAt: day, updatedAt: day });
    insert('home_member', { home_id: homeId, user_id: id, role: 'member', ...right, created_at: now });
    insert('session', { id, userId, token: id, expiresAt: later, userAgent: text, ipAddress: text, createdAt: day, updatedAt: day });
    insert('api_token', { id, token_hash: id, user_id: userId, name: text, ...right, created_at: now });
    insert('share', { ...share, ...{ id, token_hash: id, device_id: deviceId, kind: 'live', watermark: 1, expires_at: now + 3_600_000 } });
    insert('share_view', { id, share_id: id, at: now, address: text, user_agent: text });
  }
  const shares = bundles.map((text, index) => {
    const [token, id, user] = [`share_bundle-${index}`, idOf(1_000 + index), idOf(2_000 + index)];
    insert('device', { ...device, id: cameraOf(1_000 + index), name: text });
    insert('user', { id: user, name: text, email: `bundle${index}@example.org`, emailVerified: 1, createdAt: day, updatedAt: day });
    insert('home_member', { home_id: homeId, user_id: user, role: 'admin', ...right, created_at: now });
    insert('home', { id: user, name: text, timezone: 'UTC', created_at: now });
    insert('home_member', { home_id: user, user_id: userId, role: 'owner', ...right, created_at: now });
    const what = { device_id: cameraOf(1_000 + index), kind: 'live', watermark: 1, expires_at: now + 3_600_000 };
    insert('share', { ...share, ...what, id, user_id: user, token_hash: sha256(token) });
    return `/s/${token}`;
  });
  const invitations = bundles.slice(0, 2).map((_text, index) => {
    const [token, id] = [`invite_bundle-${index}`, idOf(3_000 + index)];
    const by = { created_by: idOf(2_000 + index), created_at: now, expires_at: now + 3_600_000 };
    insert('invitation', { id, token_hash: sha256(token), home_id: idOf(2_000 + index), role: 'guest', ...right, ...by });
    return `/invitation#token=${token}`;
  });
  const logId = idOf(4_000);
  const [key, log] = [`h/${homeId}/d/${deviceId}/logs/${logId}`, hostileTexts.join('\n')];
  insert('device_log', {
    ...{ task_id: logId, home_id: homeId, device_id: deviceId, types: '["system"]', requested_at: now, give_up_at: now },
    ...{ state: 'stored', upload_id: logId, size_bytes: Buffer.byteLength(log) },
  });
  insert('upload', {
    ...{ id: logId, kind: 'log', home_id: homeId, device_id: deviceId, reference: logId, object_key: key, content_type: 'text/html' },
    ...{ size_bytes: Buffer.byteLength(log), sha256: sha256(log), stored_at: now },
  });
  db.exec('COMMIT');
  const path = join(platform.data, 'objects', key);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, log);
  return { deviceId, logId, shares, invitations };
}

interface Watch {
  /** Everything that no page of ours does by itself. */
  readonly faults: readonly string[];
  /** Requests that left the platform. */
  readonly strays: readonly string[];
}

async function watch(page: Page): Promise<Watch> {
  const [faults, strays]: [string[], string[]] = [[], []];
  page.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('pageerror', (error) => faults.push(`error: ${error.stack ?? error.message}`));
  page.on('console', (message) => {
    if (/policy|trusted|refused/i.test(message.text())) faults.push(`console: ${message.text()}`);
  });
  page.on('request', (request) => {
    const { origin, protocol } = new URL(request.url());
    if (!['blob:', 'data:'].includes(protocol) && origin !== platform.owner.url) strays.push(request.url());
  });
  await page.exposeFunction('onViolation', (what: string) => faults.push(`policy violated: ${what}`));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
      window.onViolation(`${violatedDirective} ${blockedURI}`);
    });
  });
  return { faults, strays };
}

/** What in the document can only have come from a text. */
async function intruders(page: Page): Promise<readonly string[]> {
  return await page.evaluate(() => {
    const made =
      'script:not([src]), iframe, object, embed, base, marquee, template, meta[http-equiv], img[src="x"], math, form button[formaction]';
    const foreign = [...document.querySelectorAll(made)];
    const armed = [...document.querySelectorAll('*')].filter(({ attributes }) =>
      [...attributes].some(
        ({ name, value }) => /^on/i.test(name) || (/^(href|src|action|formaction)$/i.test(name) && /^\s*javascript:/i.test(value)),
      ),
    );
    return [...foreign, ...armed].map(({ outerHTML }) => outerHTML.slice(0, 200));
  });
}

/** Nothing sticks out of the page to the side, and its frame is where it belongs. */
async function expectSound(page: Page, { faults, strays }: Watch): Promise<void> {
  expect(await intruders(page)).toEqual([]);
  const beyond = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(beyond, `${page.url()} sticks out`).toBeLessThanOrEqual(1);
  expect(faults, page.url()).toEqual([]);
  expect(strays, page.url()).toEqual([]);
}

/** As the elements of a page show them: without what no font has, white space as one. */
function shown(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

async function textsOf(page: Page, selector: string): Promise<readonly string[]> {
  return (await page.locator(selector).allTextContents()).map(shown);
}

test.beforeEach(async ({ context }) => {
  const { url, token } = platform.owner;
  await context.addCookies([{ name: 'cardea', value: token, url, httpOnly: true, sameSite: 'Strict' }]);
});

test('two hundred hostile names of cameras, homes, people, programs and tokens are text on every page of the app', async ({ page }) => {
  const seen = await watch(page);
  const { url } = platform.owner;
  const wanted = hostileTexts.map(shown);
  const visits: readonly (readonly [string, string])[] = [
    ['/devices', 'article h2'],
    ['/people', 'section > h2'],
    ['/people', 'section article p:first-child'],
    ['/account', 'article p:first-child, li p:first-child'],
    [`/cameras/${ids.deviceId}/1`, '[aria-labelledby="alarms"] button > span:not(:first-child)'],
    ['/', 'li'],
  ];
  for (const [path, selector] of visits) {
    if (page.url() !== url + path) await page.goto(url + path);
    const more = page.getByRole('button', { name: /^Show more/ });
    const missing = async (): Promise<number> => {
      if (await more.isVisible()) await more.click();
      const texts = await textsOf(page, selector);
      return wanted.filter((text) => !texts.some((found) => found.includes(text))).length;
    };
    await expect.poll(missing, { message: `${path} ${selector}`, timeout: 20_000, intervals: [100] }).toBe(0);
    await expectSound(page, seen);
  }
});

test('a link or an invitation from whoever is called so shows the name as text', async ({ page }) => {
  const seen = await watch(page);
  for (const [index, path] of [...ids.shares, ...ids.invitations].entries()) {
    await page.context().clearCookies();
    await page.goto(platform.owner.url + path);
    await expect(page.getByText('alert(1)').first()).toBeVisible();
    await expectSound(page, seen);
    if (index < ids.shares.length) expect(shown((await page.locator('h1').textContent()) ?? '')).toBe(shown(bundles[index] ?? ''));
  }
});

test('a log of a camera, an address and a refusal are text when a browser opens them', async ({ page, request }) => {
  const seen = await watch(page);
  const { token, url } = platform.owner;
  const log = await page.goto(`${url}/api/v1/logs/${ids.logId}`);
  expect(log?.headers()).toMatchObject({
    'content-type': 'text/plain; charset=utf-8',
    'content-security-policy': "default-src 'none'; sandbox",
  });
  expect(await page.locator('body').textContent()).toContain('<img src=x onerror=alert(1)>');
  await expectSound(page, seen);
  const headers = { authorization: `Bearer ${token}` };
  const app = await (await request.get(`${url}/index.html`)).text();
  const places: readonly ((part: string) => string)[] = [
    (part) => `/${part}`,
    (part) => `/s/${part}`,
    (part) => `/api/v1/devices/${part}`,
    (part) => `/api/v1/events?type=${part}`,
    (part) => `/live/${part}/1/main/ws`,
    (part) => `/?q=${part}`,
  ];
  // Each text at two of the places, each place with texts of every kind.
  const paths = hostileTexts.flatMap((text, index) =>
    [0, 1].map((step) => places[(index + step) % places.length]?.(encodeURIComponent(text)) ?? ''),
  );
  for (const path of paths) {
    const response = await request.get(url + path, { headers });
    const { 'content-type': type = '' } = response.headers();
    if (type.startsWith('text/html')) expect(await response.text(), path).toBe(app);
    else expect(type, path).toMatch(/^application\/(problem\+)?json/);
  }
  const [first = '', second = ''] = hostileTexts.slice(1, 3).map(encodeURIComponent);
  for (const path of [`/${first}`, `/login?from=${second}#${first}`, `/setup?token=${second}`, `/s/${first}`, `/cameras/${second}/1`]) {
    await page.goto(url + path);
    await expect(page.locator('h1, h2').first()).toBeVisible();
    await expectSound(page, seen);
  }
  await page.goto(`${url}/api/v1/devices/${first}`);
  await expectSound(page, seen);
});
