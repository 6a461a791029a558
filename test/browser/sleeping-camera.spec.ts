import { expect, type Locator, test } from '@playwright/test';
import { eventually } from '../e2e/eventually.ts';
import { type HomeWithCamera, startHomeWithCamera } from '../support/home-with-camera.ts';

let home: HomeWithCamera;

test.beforeAll(async () => {
  home = await startHomeWithCamera({ agent: ['--source', 'simulated:garden,battery'] });
});

test.afterAll(async () => {
  await home?.[Symbol.asyncDispose]();
});

/** Colours of a picture, each in steps of 32. */
async function colours(canvas: Locator): Promise<number> {
  return await canvas.evaluate((element) => {
    if (!(element instanceof HTMLCanvasElement)) return 0;
    const { data } = element.getContext('2d')?.getImageData(0, 0, element.width, element.height) ?? { data: [] };
    const seen = new Set<number>();
    for (let at = 0; at + 3 < data.length; at += 4 * 97)
      seen.add(((data[at] ?? 0) >> 5) * 64 + ((data[at + 1] ?? 0) >> 5) * 8 + ((data[at + 2] ?? 0) >> 5));
    return seen.size;
  });
}

async function stateOf({ owner, deviceId }: HomeWithCamera): Promise<string> {
  return (await owner.client.call('device.get', { params: { id: deviceId } })).state;
}

test('a camera that sleeps is shown by its last picture and how old it is, on a phone too, and is not woken for it', async ({
  context,
  page,
}) => {
  const { owner, deviceId } = home;
  const { token, url } = owner;
  const headers = { authorization: `Bearer ${token}` };
  const taken = await fetch(`${url}/live/${deviceId}/1/main/snapshot.jpg?maxAge=0`, { headers });
  await taken.body?.cancel();
  expect(taken.status).toBe(200);
  await owner.client.command(deviceId, 'config.set', { patch: { 'power.sleepAfterSec': 5 } });
  await eventually('the camera sleeps', async () => ((await stateOf(home)) === 'asleep' ? true : undefined));

  await context.addCookies([{ name: 'cardea', value: token, url, httpOnly: true, sameSite: 'Strict' }]);
  for (const viewport of [
    { width: 1280, height: 800 },
    { width: 390, height: 844 },
  ]) {
    await page.setViewportSize(viewport);
    await page.goto(url);
    const tile = page.getByRole('link', { name: /Asleep · Last picture .+ ago/ });
    await expect(tile).toBeVisible();
    expect(await colours(tile.locator('canvas'))).toBeGreaterThan(8);
    const box = await tile.boundingBox();
    expect(box?.width).toBeLessThanOrEqual(viewport.width);
  }
  expect(await stateOf(home)).toBe('asleep');
});
