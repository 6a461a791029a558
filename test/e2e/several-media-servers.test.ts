import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterHere } from '../support/cluster.ts';
import { makeFilm } from '../support/film.ts';
import { liveForms } from '../support/live-forms.ts';
import { StampedCamera } from '../support/stamped-camera.ts';
import { eventually } from './eventually.ts';
import type { Owner } from './owner.ts';

const VIEWERS = 20;

/** Somebody who watches and comes back when the connection ends, as the web app does. */
interface Viewer {
  bytes: number;
  /** Times the connection ended by itself. */
  ends: number;
  lastFault: string;
}

function watch({ client }: Owner, deviceId: string, signal: AbortSignal): Viewer {
  const viewer = { bytes: 0, ends: 0, lastFault: '' };
  const onBytes = (bytes: Uint8Array): void => {
    viewer.bytes += bytes.length;
  };
  const keepWatching = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        const { urls } = await client.call('live.create', { params: { id: deviceId }, body: { channel: 1, stream: 'main' }, signal });
        await liveForms.ws(urls.ws, { signal, onBytes });
      } catch (error) {
        viewer.lastFault = String(error);
        viewer.ends += 1;
      }
    }
  };
  void keepWatching();
  return viewer;
}

async function viewersAt({ url }: Owner): Promise<number> {
  const [, count = ''] = /^cardea_live_viewers (\d+)$/m.exec(await (await fetch(`${url}/metrics`)).text()) ?? [];
  return Number(count);
}

test('a camera pushes once for the viewers of two servers, who come back when the one that has it dies', async () => {
  await using cluster = await ClusterHere.start();
  await cluster.startAccess('access-1');
  const [first, second] = await Promise.all([cluster.startMedia('media-1'), cluster.startMedia('media-2')]);
  const film = await makeFilm({ seconds: 4, kbps: 500, gopSec: 2 });
  const camera = await StampedCamera.open(cluster.owner.url, film);
  await using stack = new AsyncDisposableStack();
  stack.defer(() => camera.device.stop());
  await camera.device.start();
  await camera.device.bind(
    (await cluster.owner.client.call('bindingCode.create', { params: { id: cluster.owner.homeId }, body: {} })).code,
  );
  const leaving = new AbortController();
  stack.defer(() => leaving.abort());

  const atFirst = watch(first.owner, camera.device.id, leaving.signal);
  await eventually('a picture at the first server', async () => {
    if (atFirst.bytes > 0) return true;
    throw new Error(atFirst.lastFault);
  });
  const viewers = Array.from({ length: VIEWERS }, () => watch(second.owner, camera.device.id, leaving.signal));
  await eventually('pictures at the second server', async () => (viewers.every(({ bytes }) => bytes > 0) ? true : undefined));
  assert.equal(camera.pushCount, 1);
  assert.deepEqual([await viewersAt(first.owner), await viewersAt(second.owner)], [2, VIEWERS]);

  await first.process.stop('SIGKILL');
  await eventually('everybody to be told', async () => (viewers.every(({ ends }) => ends > 0) ? true : undefined));
  const before = viewers.map(({ bytes }) => bytes);
  await eventually('everybody to see it again', async () =>
    viewers.every(({ bytes }, index) => bytes > (before[index] ?? 0)) ? true : undefined,
  );
  assert.equal(camera.pushCount, 1, 'now it pushes to the other server');
});
