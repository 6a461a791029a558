import { expect, type Page, test } from '@playwright/test';
import { makeFilm } from '../support/film.ts';
import { type HomeWithCamera, startHomeWithCamera } from '../support/home-with-camera.ts';
import { type HostileSite, openHostileSite } from '../support/hostile-site.ts';
import { recorded, SegmentDevice } from '../support/segment-device.ts';

/** What a page of somebody else can do in the browser of an owner who is logged in: nothing. */

let home: HomeWithCamera;
let site: HostileSite;
/** A recording of another camera of the same home. */
let recording: { readonly deviceId: string; readonly id: string; readonly startAt: number; readonly endAt: number };

const near = ['sameSite', 'crossSite'] as const;

test.beforeAll(async () => {
  home = await startHomeWithCamera();
  site = await openHostileSite();
  using device = await SegmentDevice.bind(home.owner);
  await device.store(recorded(await makeFilm({ seconds: 2, kbps: 200 }), 2_000));
  const { items } = await home.owner.client.call('segment.list', { params: { id: device.deviceId } });
  const [segment] = items;
  if (segment === undefined) throw new Error('nothing was stored');
  recording = { ...segment, deviceId: device.deviceId };
});

test.afterAll(async () => {
  await site?.[Symbol.asyncDispose]();
  await home?.[Symbol.asyncDispose]();
});

/** Logs this browser in, and stays on a page of the platform. */
async function logIn(page: Page): Promise<void> {
  await page.goto(`${home.owner.url}/api/docs`);
  const status = await page.evaluate(async () => {
    const body = JSON.stringify({ email: 'owner@example.org', password: 'correct horse battery' });
    const headers = { 'content-type': 'application/json' };
    return (await fetch('/api/v1/sessions', { method: 'POST', headers, body })).status;
  });
  expect(status).toBe(201);
}

/** Who the browser is logged in as, asked by a page of the platform. */
async function userOf(page: Page): Promise<string> {
  await page.goto(`${home.owner.url}/api/docs`);
  return await page.evaluate(async () => (await (await fetch('/api/v1/me')).json()).email);
}

/** Everything of the home that a stranger could change, as the owner sees it. */
async function stateOfHome(): Promise<string> {
  const { client, homeId } = home.owner;
  const [homes, devices, members, shares, tokens, me] = await Promise.all([
    client.call('home.list'),
    client.call('device.list'),
    client.call('member.list', { params: { id: homeId } }),
    client.call('share.list'),
    client.call('token.list'),
    client.call('me.get'),
  ]);
  const names = devices.items.map(({ id, name }) => [id, name]);
  return JSON.stringify([homes, names, members, shares, tokens, me]);
}

/** Addresses of media and data that the cookie of the owner opens. */
function readable(): readonly string[] {
  const { deviceId: live } = home;
  const { deviceId, id, startAt, endAt } = recording;
  return [
    '/api/v1/me',
    '/api/v1/devices',
    `/api/v1/segments/${id}/media`,
    `/live/${live}/1/main/snapshot.jpg`,
    `/live/${live}/1/main/index.m3u8`,
    `/live/${live}/1/main/stream.flv`,
    `/vod/${deviceId}/1/start/${startAt}/end/${endAt}/clip.mp4`,
    `/vod/${deviceId}/1/start/${startAt}/end/${endAt}/index.m3u8`,
  ].map((path) => home.owner.url + path);
}

/** Elements that take an address, with the attribute it stands in and the event that says it was loaded. */
const elements = [
  ['img', 'src', 'load'],
  ['script', 'src', 'load'],
  ['video', 'src', 'loadedmetadata'],
  ['audio', 'src', 'loadedmetadata'],
  ['link', 'href', 'load'],
] as const;

/** Loads `url` with an element of each kind; resolves with the kinds that got something. */
async function embed(page: Page, url: string, kinds: readonly string[] = elements.map(([tag]) => tag)): Promise<readonly string[]> {
  const tried = elements.filter(([tag]) => kinds.includes(tag));
  return await page.evaluate(
    async ({ address, attempts }) => {
      const outcomes = attempts.map(async ([tag, attribute, event]) => {
        const element = document.createElement(tag);
        if (element instanceof HTMLLinkElement) element.rel = 'stylesheet';
        const { promise, resolve } = Promise.withResolvers<boolean>();
        element.addEventListener(event, () => resolve(true));
        element.addEventListener('error', () => resolve(false));
        element.setAttribute(attribute, address);
        document.body.append(element);
        const got = await promise;
        element.remove();
        return got ? [tag] : [];
      });
      return (await Promise.all(outcomes)).flat();
    },
    { address: url, attempts: tried },
  );
}

test('the media that a page of the platform shows cannot be embedded or read by another one', async ({ page }) => {
  await logIn(page);
  const picture = `${home.owner.url}/live/${home.deviceId}/1/main/snapshot.jpg`;
  const clip = readable().find((url) => url.endsWith('clip.mp4')) ?? '';
  expect(await embed(page, picture, ['img'])).toEqual(['img']);
  expect(await embed(page, clip, ['video'])).toEqual(['video']);
  for (const origin of near) {
    await page.goto(site.origins[origin]);
    for (const url of readable()) {
      expect(await embed(page, url), `${origin} ${url}`).toEqual([]);
      const read = await page.evaluate(async (address) => {
        const ways = [{ credentials: 'include' }, { credentials: 'include', mode: 'no-cors' }] as const;
        const texts = ways.map(async (way) => await (await fetch(address, { ...way, signal: AbortSignal.timeout(5_000) })).text());
        return (await Promise.allSettled(texts)).flatMap((text) => (text.status === 'fulfilled' ? [text.value] : []));
      }, url);
      expect(read.join(''), `${origin} ${url}`).not.toMatch(/owner@example|#EXTM3U|ftyp|FLV|"items"/);
    }
  }
});

test('what another page sends changes nothing, whether by form or by script, and logs nobody in as somebody else', async ({ page }) => {
  await logIn(page);
  const { homeId, url } = home.owner;
  const before = await stateOfHome();
  const wishes = [
    ['POST', '/api/v1/homes', { name: 'Taken', timezone: 'UTC' }],
    ['PATCH', '/api/v1/me', { name: 'Taken' }],
    ['PATCH', `/api/v1/homes/${homeId}`, { name: 'Taken' }],
    ['POST', `/api/v1/homes/${homeId}/members`, { role: 'admin' }],
    ['POST', `/api/v1/homes/${homeId}/binding-codes`, {}],
    ['POST', '/api/v1/tokens', { name: 'Taken', actions: ['view.live'], devices: ['*'] }],
    ['POST', '/api/v1/shares', { kind: 'live', deviceId: home.deviceId }],
    ['PATCH', `/api/v1/devices/${home.deviceId}`, { name: 'Taken' }],
    ['DELETE', `/api/v1/devices/${home.deviceId}`, {}],
    ['POST', `/api/v1/devices/${home.deviceId}/live`, { channel: 1, stream: 'main' }],
    ['POST', `/api/v1/devices/${home.deviceId}/talk`, { channel: 1 }],
    ['POST', `/api/v1/devices/${home.deviceId}/commands/ptz.control`, { channel: 1, action: 'stop' }],
    ['DELETE', '/api/v1/sessions/current', {}],
    ['POST', '/api/v1/sessions', { email: 'owner@example.org', password: 'correct horse battery' }],
  ] as const;
  const statuses: number[] = [];
  page.on('response', (response) => {
    if (response.url().startsWith(url) && response.request().method() !== 'OPTIONS') statuses.push(response.status());
  });
  for (const origin of near) {
    await page.goto(site.origins[origin]);
    for (const [method, path, body] of wishes) {
      const refused = await page.evaluate(
        async ({ address, asMethod, text }) => {
          const ways: readonly RequestInit[] = [
            { method: asMethod, headers: { 'content-type': 'application/json' } },
            { method: 'POST', headers: { 'content-type': 'text/plain' }, mode: 'no-cors' },
            { method: 'POST', headers: { 'content-type': 'text/plain' } },
          ];
          const sent = ways.map((way) => fetch(address, { ...way, credentials: 'include', body: text }));
          const outcomes = await Promise.allSettled(sent);
          return outcomes.every((outcome) => outcome.status === 'rejected' || outcome.value.type === 'opaque');
        },
        { address: url + path, asMethod: method, text: JSON.stringify(body) },
      );
      expect(refused, `${origin} ${method} ${path}`).toBe(true);
      // A form whose one field reads as JSON, sent into a frame.
      await page.evaluate(
        async ({ address, text }) => {
          const frame = document.createElement('iframe');
          frame.name = 'target';
          const form = document.createElement('form');
          Object.assign(form, { method: 'post', action: address, enctype: 'text/plain', target: 'target' });
          const field = document.createElement('input');
          field.name = `${text.slice(0, -1)}${text === '{}' ? '' : ','}"x":"`;
          field.value = '"}';
          form.append(field);
          document.body.append(frame, form);
          const { promise, resolve } = Promise.withResolvers<void>();
          frame.addEventListener('load', () => frame.contentWindow !== null && resolve());
          form.submit();
          await promise;
          frame.remove();
          form.remove();
        },
        { address: url + path, text: JSON.stringify(body) },
      );
    }
  }
  expect(statuses.length).toBeGreaterThan(wishes.length);
  expect(statuses.filter((status) => status < 400)).toEqual([]);
  expect(await stateOfHome()).toBe(before);
  expect(await userOf(page)).toBe('owner@example.org');
});

test('no socket and no event stream opens for another page', async ({ page }) => {
  await logIn(page);
  const { url } = home.owner;
  const live = `/live/${home.deviceId}/1/main/ws`;
  const opens = async (path: string): Promise<boolean> =>
    await page.evaluate(async (address) => {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const socket = new WebSocket(address);
      socket.addEventListener('open', () => resolve(true));
      socket.addEventListener('error', () => resolve(false));
      const opened = await promise;
      socket.close();
      return opened;
    }, url.replace('http', 'ws') + path);
  expect(await opens(live), 'a page of the platform may').toBe(true);
  for (const origin of near) {
    await page.goto(site.origins[origin]);
    const session = '01KDVAEZ8T0000000000000000';
    for (const path of [live, `/talk/${session}`, `/playback/${session}/ws`, `/vd/v1?deviceId=${home.deviceId}`, '/s/share_x/live/ws']) {
      expect(await opens(path), `${origin} ${path}`).toBe(false);
    }
    const heard = await page.evaluate(async (address) => {
      const { promise, resolve } = Promise.withResolvers<string>();
      const stream = new EventSource(address, { withCredentials: true });
      stream.addEventListener('open', () => resolve('open'));
      stream.addEventListener('error', () => resolve('refused'));
      const outcome = await promise;
      stream.close();
      return outcome;
    }, `${url}/api/v1/event-stream`);
    expect(heard, origin).toBe('refused');
  }
});

/** Everything with a page of its own, and what a browser could take for one. */
function pages(): readonly string[] {
  const { deviceId, owner } = home;
  const own = ['/', '/login', '/setup', '/invitation', '/devices', '/people', '/account', `/cameras/${deviceId}/1`, '/nowhere', '/s/x'];
  return [...own, '/api/docs', '/api/v1/openapi.json', '/api/v1/me'].map((path) => owner.url + path);
}

test('no page can be framed, and one that is opened in a window neither sees who opened it nor is held by them', async ({ page }) => {
  await logIn(page);
  for (const origin of near) {
    await page.goto(site.origins[origin]);
    for (const url of pages()) {
      await page.evaluate(async (address) => {
        const frame = document.createElement('iframe');
        const { promise, resolve } = Promise.withResolvers<void>();
        frame.addEventListener('load', () => resolve());
        frame.src = address;
        document.body.replaceChildren(frame);
        await promise;
      }, url);
      const framed = (): string | undefined => page.frames()[1]?.url();
      await expect.poll(framed, { message: `${origin} ${url}` }).toBe('chrome-error://chromewebdata/');
    }
    const opening = page.context().waitForEvent('page');
    await page.evaluate((address) => void Object.assign(window, { held: window.open(address) }), `${home.owner.url}/devices`);
    const opened = await opening;
    await opened.waitForLoadState();
    expect(await opened.evaluate(() => window.opener === null), origin).toBe(true);
    expect(await page.evaluate(() => (window as unknown as { held: Window }).held.closed), origin).toBe(true);
    await opened.close();
  }
});

test('every page comes with a policy that lets no text become code, and without a way around it', async ({ request }) => {
  const kinds = new Set<string>();
  for (const url of [...pages(), `${home.owner.url}/index.html`, `${home.owner.url}/?x=<script>`, `${home.owner.url}/%3Cscript%3E`]) {
    const response = await request.get(url);
    const { 'content-type': type = '', 'content-security-policy': policy = '', ...headers } = response.headers();
    kinds.add(type.split(';')[0] ?? '');
    expect(headers['x-content-type-options'], url).toBe('nosniff');
    expect(headers['cross-origin-opener-policy'], url).toBe('same-origin');
    expect(policy, url).toMatch(/^default-src 'self';.*object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'/);
    expect(policy, url).toMatch(/require-trusted-types-for 'script'; trusted-types 'none'/);
    expect(policy, url).not.toMatch(/unsafe|script-src|\*|https?:/);
    if (type.startsWith('text/html'))
      expect(await response.text(), url).not.toMatch(/<script>|<script(?![^>]* src=)|\son\w+=|javascript:|<style|\sstyle=/i);
  }
  expect([...kinds].sort()).toEqual(['application/json', 'application/problem+json', 'text/html']);
});
