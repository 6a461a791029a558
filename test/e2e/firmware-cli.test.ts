import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createPublicKey, verify } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { startSystem } from './device-management/system.ts';
import { eventually } from './eventually.ts';

const run = promisify(execFile);
const bin = join(import.meta.dirname, '..', '..', 'packages', 'cli', 'bin', 'cardea.js');

test('a maker signs an image on the command line, uploads it and rolls it out to a camera that trusts the key', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'cardea-maker-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const [key, image] = [join(directory, 'maker.key'), join(directory, 'image.bin')];
  const cardea = async (...args: string[]): Promise<string> => (await run(process.execPath, [bin, 'firmware', ...args])).stdout.trim();

  assert.equal(await cardea('keygen', key), `${key}.pub`);
  assert.equal((await stat(key)).mode & 0o777, 0o600);
  await assert.rejects(cardea('keygen', key), /EEXIST/);
  await writeFile(image, `${JSON.stringify({ model: 'Simulated camera', version: '1.1.0' })}\npayload`);
  const signature = await cardea('sign', image, '--key', key);
  const keyPem = await readFile(`${key}.pub`, 'utf8');
  assert.equal(verify(null, await readFile(image), createPublicKey(keyPem), Buffer.from(signature, 'base64')), true);

  await using system = await startSystem({ device: { firmwareKeys: [keyPem] } });
  const access = ['--url', system.url, '--token', system.owner.token];
  const firmware = JSON.parse(await cardea('upload', image, ...access));
  assert.deepEqual([firmware.model, firmware.version], ['Simulated camera', '1.1.0']);
  const campaign = JSON.parse(await cardea('campaign', 'start', firmware.id, '--device', system.deviceId, ...access));
  await eventually('the campaign is done', async () => {
    const { state } = JSON.parse(await cardea('campaign', 'show', campaign.id, ...access));
    return state === 'done' ? true : undefined;
  });
  assert.equal(JSON.parse(await cardea('campaign', 'stop', campaign.id, ...access)).state, 'done');
  assert.deepEqual(
    JSON.parse(await cardea('campaign', 'list', ...access)).map(({ id }: { readonly id: string }) => id),
    [campaign.id],
  );
  const { firmware: version } = await system.client.call('device.get', { params: { id: system.deviceId } });
  assert.equal(version, '1.1.0');
  await cardea('delete', firmware.id, ...access);
  assert.deepEqual((await system.client.call('firmware.list')).items, []);
});
