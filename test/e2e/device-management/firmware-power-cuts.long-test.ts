import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type CommandResult, createClient } from '@cardea/api';
import { loadIdentity } from '@cardea/device';
import { BLIND_MODEL } from '../../support/blind-camera.ts';
import { FirmwareMaker } from '../../support/firmware-maker.ts';
import { seeded, seedOfRun } from '../../support/seeded.ts';
import { eventually } from '../eventually.ts';
import { type Owner, ownerAt } from '../owner.ts';
import { EMAIL, PASSWORD, type PlatformHere, startPlatformHere } from './platform-here.ts';

const CUTS = Number(process.env.CARDEA_POWER_CUTS ?? 100);
const program = join(import.meta.dirname, '..', '..', 'support', 'device-process.ts');

type Status = CommandResult<'firmware.getStatus'>;

/** A device whose plug is pulled again and again. */
class FragileDevice {
  readonly deviceId: string;
  private readonly platform: PlatformHere;
  private readonly args: readonly string[];
  private child: ChildProcess | undefined;

  constructor(deviceId: string, platform: PlatformHere, args: readonly string[]) {
    this.deviceId = deviceId;
    this.platform = platform;
    this.args = args;
  }

  /** Resolves with what the device says once it is reached. */
  async start(): Promise<Status> {
    this.child = spawn(process.execPath, [program, ...this.args], { stdio: ['ignore', 'inherit', 'inherit'] });
    return await eventually('the device is back', () => this.status());
  }

  async status(): Promise<Status> {
    return await this.platform.owner.client.command(this.deviceId, 'firmware.getStatus', {});
  }

  async upgrade(version: string, { client }: Owner): Promise<void> {
    await client.command(this.deviceId, 'firmware.upgrade', { version });
  }

  /** Pulls the plug. */
  async cut(): Promise<void> {
    const { child } = this;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
}

/** The owner with a login of this moment, which firmware asks for. */
async function logIn({ url }: PlatformHere): Promise<Owner> {
  const { token } = await createClient({ baseUrl: url }).call('session.create', { body: { email: EMAIL, password: PASSWORD } });
  return await ownerAt(url, token);
}

test(`firmware.upgrade: whenever the power is cut, the camera comes back with the old firmware or the new, ${CUTS} cuts`, async (t) => {
  const seed = seedOfRun();
  const fraction = seeded(seed);
  const maker = new FirmwareMaker();
  await using platform = await startPlatformHere({ 'limits.schedulesPerMinute': 10_000 });
  const { client, homeId } = platform.owner;
  const directory = await mkdtemp(join(tmpdir(), 'cardea-fragile-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const keyFile = join(directory, 'maker.pem');
  await writeFile(keyFile, maker.keyPem);
  const { code } = await client.call('bindingCode.create', { params: { id: homeId }, body: {} });
  const state = join(directory, 'state');
  const { deviceId } = await loadIdentity(state);
  const device = new FragileDevice(deviceId, platform, [platform.url, state, keyFile, code]);
  t.after(() => device.cut());

  let [running, wanted] = ['1.0.0', '1.0.0'];
  const ends: Record<string, number> = {};
  const judge = ({ currentVersion, state: told }: Status): boolean => {
    assert.ok([running, wanted].includes(currentVersion), `it runs ${currentVersion}, not ${running} or ${wanted}`);
    const ended = ['succeeded', 'failed', 'rolledBack', 'idle'].includes(told);
    if (ended && told !== 'idle') ends[told] = (ends[told] ?? 0) + 1;
    if (ended) running = currentVersion;
    return ended;
  };
  for (let cut = 0; cut < CUTS; cut += 1) {
    if (judge(await device.start())) {
      wanted = `1.0.${cut + 1}`;
      const owner = await logIn(platform);
      await maker.offer(owner, wanted, { model: BLIND_MODEL, payloadBytes: 2_000_000 });
      await device.upgrade(wanted, owner);
    }
    await delay(fraction() * 2_000);
    await device.cut();
  }
  await device.start();
  const last = await eventually('what was begun ends', async () => {
    const now = await device.status();
    return judge(now) ? now : undefined;
  });
  t.diagnostic(`SEED=${seed} ends ${JSON.stringify(ends)}, last ${last.state} with ${last.currentVersion}`);
  const slots = JSON.parse(await readFile(join(state, 'slots.json'), 'utf8'));
  assert.equal(slots.trial, undefined);
  assert.equal(slots.images[slots.active].version, last.currentVersion);
  assert.ok((ends.succeeded ?? 0) >= 3, 'upgrades get through between the cuts');
});
