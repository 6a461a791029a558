import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Campaign } from '@cardea/api';
import { VirtualClock } from '@cardea/core';
import { loadIdentity, RunningDevice } from '@cardea/device';
import { BLIND_MODEL, createBlindCamera } from '../../support/blind-camera.ts';
import { FirmwareMaker } from '../../support/firmware-maker.ts';
import { type PlatformHere, startPlatformHere } from './platform-here.ts';

const DEVICES = 100;
/** By place in the order in which devices are asked: the canary is 0, the first wave is 1 to 10. */
const BRICKED = [5, 40, 80];
const STEP_MS = 250;
const MINUTE_MS = 60_000;

const maker = new FirmwareMaker();

/** A platform and many cameras whose time only this test moves. */
class Fleet implements AsyncDisposable {
  readonly clock: VirtualClock;
  readonly platform: PlatformHere;
  readonly devices: RunningDevice[] = [];
  private readonly directory: string;

  private constructor(clock: VirtualClock, platform: PlatformHere, directory: string) {
    this.clock = clock;
    this.platform = platform;
    this.directory = directory;
  }

  static async open(): Promise<Fleet> {
    const clock = new VirtualClock(Date.now());
    const settings = { 'limits.schedulesPerMinute': 1_000, 'limits.schedulesPerSecond': 10_000 };
    return new Fleet(clock, await startPlatformHere(settings, clock), await mkdtemp(join(tmpdir(), 'cardea-fleet-')));
  }

  /** Starts and binds as many; those at `bricked` never start again once they went down. */
  async settle(count: number, bricked: readonly number[]): Promise<void> {
    const { client, homeId } = this.platform.owner;
    const states = Array.from({ length: count }, (_, index) => join(this.directory, String(index)));
    const ids = await Promise.all(states.map(async (state) => (await loadIdentity(state)).deviceId));
    const doomed = new Set([...ids].sort().filter((_, place) => bricked.includes(place)));
    for (const [index, stateDirectory] of states.entries()) {
      const { code } = await client.call('bindingCode.create', { params: { id: homeId }, body: {} });
      const isDoomed = doomed.has(ids[index] ?? '');
      let starts = 0;
      const openCamera = async () => {
        starts += 1;
        if (isDoomed && starts > 1) throw new Error('bricked');
        return createBlindCamera(String(index));
      };
      const keys = { firmwareKeys: [maker.keyPem] };
      this.devices.push(
        await RunningDevice.start({
          platformUrl: this.platform.url,
          stateDirectory,
          bindingCode: code,
          openCamera,
          clock: this.clock,
          ...keys,
        }),
      );
    }
    await this.until('every camera is bound', 5 * MINUTE_MS, async () => this.devices.every((device) => device.bound && device.online));
  }

  /** Lets time pass until `holds`, at a pace the network can keep up with. */
  async until(what: string, withinMs: number, holds: () => Promise<boolean>): Promise<void> {
    for (let passedMs = 0; passedMs < withinMs; passedMs += STEP_MS) {
      if (passedMs % 5_000 === 0 && (await holds())) return;
      await this.clock.advance(STEP_MS);
      await delay(5);
    }
    assert.fail(`${what} did not happen within ${withinMs} ms`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ending = Promise.all(this.devices.map((device) => device[Symbol.asyncDispose]())).then(() =>
      this.platform[Symbol.asyncDispose](),
    );
    let ended = false;
    void ending.finally(() => {
      ended = true;
    });
    await this.until('everything ends', 10 * MINUTE_MS, async () => ended);
    await rm(this.directory, { recursive: true, force: true });
  }
}

test(`campaign: a build that bricks 3 of ${DEVICES} cameras is halted in its first wave, and the others are left alone`, async (t) => {
  await using fleet = await Fleet.open();
  await fleet.settle(DEVICES, BRICKED);
  const { owner } = fleet.platform;
  const { id: firmwareId } = await maker.offer(owner, '1.1.0', { model: BLIND_MODEL, payloadBytes: 2_000 });
  const { id, waves } = await owner.client.call('campaign.create', { body: { firmwareId } });
  assert.deepEqual(
    waves.map(({ devices }) => devices),
    [1, 10, 40, 49],
  );
  const look = (): Promise<Campaign> => owner.client.call('campaign.get', { params: { id } });
  const startedAt = fleet.clock.now();
  await fleet.until('the campaign halts', 30 * MINUTE_MS, async () => (await look()).state === 'halted');
  const campaign = await look();
  t.diagnostic(`${JSON.stringify(campaign.waves)} after ${(fleet.clock.now() - startedAt) / MINUTE_MS} minutes`);
  assert.deepEqual(campaign.waves, [
    { devices: 1, open: 0, succeeded: 1, failed: 0, skipped: 0 },
    { devices: 10, open: 0, succeeded: 9, failed: 1, skipped: 0 },
    { devices: 40, open: 0, succeeded: 0, failed: 0, skipped: 40 },
    { devices: 49, open: 0, succeeded: 0, failed: 0, skipped: 49 },
  ]);
  assert.deepEqual(
    campaign.devices.filter(({ state }) => state === 'lost').map(({ wave, error }) => [wave, error?.name]),
    [[1, 'DEVICE_OFFLINE']],
  );
  const versions = Map.groupBy(await allDevices(fleet), ({ firmware }) => firmware);
  assert.deepEqual([versions.get('1.1.0')?.length, versions.get('1.0.0')?.length], [10, 90]);
  const { items: alerts } = await owner.client.call('event.list', { query: { type: 'firmware', limit: 200 } });
  assert.ok(alerts.some(({ text }) => text === 'silent since the upgrade to 1.1.0'));
});

async function allDevices({ platform }: Fleet) {
  const { items } = await platform.owner.client.call('device.list', { query: { limit: 200 } });
  return items;
}

test('campaign: a build that does not come up is rolled back by the canary, and no other camera is asked', async () => {
  await using fleet = await Fleet.open();
  await fleet.settle(5, []);
  const { owner } = fleet.platform;
  const { id: firmwareId } = await maker.offer(owner, '1.1.0', { model: BLIND_MODEL, payloadBytes: 2_000, fault: 'noBoot' });
  const { id } = await owner.client.call('campaign.create', { body: { firmwareId } });
  const look = (): Promise<Campaign> => owner.client.call('campaign.get', { params: { id } });
  await fleet.until('the campaign halts', 30 * MINUTE_MS, async () => (await look()).state === 'halted');
  assert.deepEqual(
    (await look()).devices.map(({ state, error }) => [state, error?.name]),
    [
      ['rolledBack', 'BOOT_CHECK_FAILED'],
      ['skipped', 'CANCELLED'],
      ['skipped', 'CANCELLED'],
      ['skipped', 'CANCELLED'],
      ['skipped', 'CANCELLED'],
    ],
  );
  const devices = await allDevices(fleet);
  assert.deepEqual(
    devices.map(({ firmware, state }) => [firmware, state]),
    Array(5).fill(['1.0.0', 'online']),
  );
});
