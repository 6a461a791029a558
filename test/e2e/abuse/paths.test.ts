import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { hostilePaths } from '../../support/hostile-addresses.ts';
import { hostileTexts } from '../../support/hostile-texts.ts';
import { recorded, SegmentDevice } from '../../support/segment-device.ts';
import { CardeaProcess } from '../cardea-process.ts';
import { type Owner, setUpOwner } from '../owner.ts';

const agent = new Agent({ keepAlive: true, maxSockets: 8 });
const SECRET = 'canary: nobody may read this file';

let outside: string;
let platform: CardeaProcess;
let owner: Owner;
let device: SegmentDevice;

before(async () => {
  outside = await mkdtemp(join(tmpdir(), 'cardea-paths-'));
  for (const name of ['passwd', 'cardea.db', 'package.json']) await writeFile(join(outside, name), SECRET);
  await mkdir(join(outside, 'etc'));
  await writeFile(join(outside, 'etc', 'passwd'), SECRET);
  const ports = ['--rtmp', 'off', '--rtsp', 'off', '--webrtc', 'off'];
  platform = new CardeaProcess(['serve', '--data', join(outside, 'data'), '--listen', '127.0.0.1:0', '--log-level', 'error', ...ports]);
  owner = await setUpOwner(platform);
  device = await SegmentDevice.bind(owner);
});

after(async () => {
  device?.[Symbol.dispose]();
  agent.destroy();
  await platform?.[Symbol.asyncDispose]();
  await rm(outside, { recursive: true, force: true });
});

interface Got {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** Asks for `path` as it stands, which `fetch` would tidy up first. */
async function get(path: string): Promise<Got> {
  const { hostname, port } = new URL(owner.url);
  const asking = request({ agent, hostname, port, path: encodeWide(path), headers: { authorization: `Bearer ${owner.token}` } });
  asking.end();
  const [response] = await once(asking, 'response');
  const bytes = Buffer.concat(await response.toArray());
  return { status: response.statusCode, type: String(response.headers['content-type']), body: bytes.toString('latin1') };
}

/** What cannot stand in a request line at all, as bytes of UTF-8. */
function encodeWide(path: string): string {
  return path.replace(/[^\u0021-\u007e]/gu, (letter) => encodeURIComponent(letter));
}

test('no address leads to a file that is not meant to be served', async () => {
  const { deviceId } = device;
  const places = [
    ...['/', '/assets/', '/api/docs/', '/api/v1/', '/api/v1/logs/', '/api/v1/segments/', '/api/v1/devices/', '/s/', '/s/x/pictures/'],
    ...[`/api/v1/devices/${deviceId}/snapshots/`, '/live/', `/live/${deviceId}/1/main/`, '/vod/', `/vod/${deviceId}/1/start/0/end/9/`],
    ...['/vr/v1/uploads/', '/vr/v1/objects/', '/vr/v1/firmware/', '/vs/v1/schedules/', '/vm/v1/whip/'],
  ];
  const app = (await get('/')).body;
  let asked = 0;
  // Each way out at some of the places, each place with ways of every kind.
  const attempts = hostilePaths.flatMap((path, index) => [0, 7].map((step) => `${places[(index + step) % places.length]}${path}`));
  await Promise.all(
    Array.from({ length: 8 }, async (_, lane) => {
      for (const path of attempts.filter((_attempt, index) => index % 8 === lane)) {
        const { status, type, body } = await get(path);
        asked += 1;
        assert.ok(status < 500, `${path}: ${status}`);
        if (status < 300) assert.equal(body, app, `${path}: ${type}`);
        assert.doesNotMatch(body, /canary:|root:x:|SQLite format|PRIVATE KEY|"@cardea|PATH=/, path);
      }
    }),
  );
  assert.ok(asked >= 1_000, `${asked} addresses`);
});

test('no name that somebody gives becomes a place on the disk', async () => {
  const before_ = await treeOf(outside);
  const film = recorded(Buffer.from('not a film'), 1_000);
  const names = [...hostilePaths.filter((_path, index) => index % 25 === 0), ...hostileTexts.filter((_text, index) => index % 13 === 0)];
  const send = async (method: string, path: string, body: object): Promise<number> => {
    const headers = { authorization: `Bearer ${owner.token}`, 'content-type': 'application/json' };
    const response = await fetch(owner.url + path, { method, headers, body: JSON.stringify(body) });
    await response.arrayBuffer();
    return response.status;
  };
  const refused = new Set<number>();
  for (const name of names) {
    const announced = device.announcement(film);
    for (const member of ['clientSegmentId', 'stream', 'kind', 'container', 'eventId', 'taskId', 'spanId']) {
      const { body, status } = await device.create({ ...announced, [member]: name });
      assert.ok(status < 500, `${member} ${name}: ${status} ${body}`);
      refused.add(status);
    }
    const firmware = new URLSearchParams({
      model: name.slice(0, 128),
      version: name.slice(0, 64),
      signature: 'AAAA',
      homeId: name.slice(0, 64),
    });
    const headers = { authorization: `Bearer ${owner.token}`, 'content-type': 'application/octet-stream' };
    const uploaded = await fetch(`${owner.url}/api/v1/firmware?${firmware}`, { method: 'POST', headers, body: 'image' });
    await uploaded.arrayBuffer();
    assert.equal(uploaded.status, 404, name);
    assert.ok((await send('POST', '/api/v1/homes', { name: 'Home', timezone: name })) === 400, name);
    assert.ok((await send('PATCH', `/api/v1/devices/${device.deviceId}`, { name: name.slice(0, 80) })) === 200, name);
  }
  assert.deepEqual(
    [...refused].filter((status) => status < 400 && status !== 201),
    [],
  );
  assert.ok(refused.has(400));
  const { client } = owner;
  const { items } = await client.call('segment.list', { params: { id: device.deviceId } });
  assert.deepEqual(items, []);
  const added = (await treeOf(outside)).filter((path) => !before_.includes(path));
  assert.deepEqual(added, []);
});

/** Every file below, apart from those the database comes and goes with. */
async function treeOf(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  return files.filter((path) => !/cardea\.db-(wal|shm)$/.test(path)).sort();
}
