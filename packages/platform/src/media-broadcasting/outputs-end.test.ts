import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { SystemClock } from '@cardea/core';
import { pushLiveVideo } from '@cardea/protocol';
import { FlvViewer } from './testing/flv-viewer.ts';
import { type Clip, makeClip } from './testing/media.ts';
import { camera, createRig, type Rig, type UserName } from './testing/rig.ts';
import { RtspClient } from './testing/rtsp-client.ts';
import { VmPublisher } from './testing/vm-publisher.ts';
import { until } from './testing/ws-viewer.ts';

/** What the owner of a home is promised. */
const WITHIN_MS = 1_000;

let directory: string;
let clip: Clip;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cardea-end-'));
  clip = await makeClip(directory);
});
after(() => rm(directory, { recursive: true }));

interface Watching extends AsyncDisposable {
  /** Whether it was told, or its connection was closed. */
  readonly isOver: () => boolean;
}

/** Each opens a session of `user` and watches it; `urls` of it are kept for whoever tries again. */
const ways: Readonly<Record<string, (urls: Readonly<Record<string, string | undefined>>) => Promise<Watching>>> = {
  'HTTP-FLV': async ({ flv = '' }) => {
    const viewer = await FlvViewer.open(flv);
    await until(() => viewer.units.length > 0);
    return { isOver: () => viewer.isClosed, [Symbol.asyncDispose]: async () => viewer.close() };
  },
  HLS: async ({ hls = '' }) => {
    const answer = await fetch(hls);
    assert.equal(answer.status, 200);
    const playlist = await answer.text();
    const [, sequence, part] = /PRELOAD-HINT:TYPE=PART,URI="part-(\d+)-(\d+)/.exec(playlist) ?? [];
    let status: number | undefined;
    const leaving = new AbortController();
    fetch(`${hls}&_HLS_msn=${sequence}&_HLS_part=${part}`, { signal: leaving.signal })
      .then((response) => {
        status = response.status;
      })
      .catch(() => {});
    return { isOver: () => status !== undefined && status >= 400, [Symbol.asyncDispose]: async () => leaving.abort() };
  },
  RTSP: async ({ rtsp = '' }) => {
    const client = await RtspClient.connect(rtsp);
    const { body } = await client.ask('DESCRIBE', rtsp);
    const [, control = ''] = /m=video[\s\S]*?a=control:(\S+)/.exec(Buffer.from(body).toString()) ?? [];
    const { headers } = await client.ask('SETUP', control, { Transport: 'RTP/AVP/TCP;unicast' });
    await client.ask('PLAY', rtsp, { Session: headers.session?.split(';')[0] ?? '' });
    await until(() => client.frames.length > 0);
    return { isOver: () => client.isOver, [Symbol.asyncDispose]: async () => client[Symbol.dispose]() };
  },
};

async function urlsFor(rig: Rig, user: UserName): Promise<Readonly<Record<string, string | undefined>>> {
  return (await rig.service.startLive(await rig.proof(user), camera)).urls;
}

for (const [name, watch] of Object.entries(ways)) {
  test(`whoever watches over ${name} and may not any more sees nothing within a second, and others watch on`, async () => {
    const clock = new SystemClock();
    await using rig = await createRig(clock);
    const [ofAnna, ofBen] = [await urlsFor(rig, 'anna'), await urlsFor(rig, 'ben')];
    const publisher = await VmPublisher.connect(rig.device.pushTarget, clip);
    publisher.publishUntil(1.5);
    await using anna = await watch(ofAnna);
    await using ben = await watch(ofBen);
    await until(() => rig.service.snapshot().viewers === 2);
    await rig.db.deleteFrom('home_member').where('user_id', '=', 'ben').execute();
    const revokedMs = clock.monotonicMs();
    rig.bus.publish({ type: 'revoked', scope: 'user', id: 'ben' });
    await until(() => ben.isOver());
    assert.ok(clock.monotonicMs() - revokedMs < WITHIN_MS);
    assert.deepEqual([anna.isOver(), rig.service.snapshot().viewers], [false, 1]);
    await assert.rejects(watch(ofBen));
  });

  test(`a camera whose privacy is switched on ends what is watched over ${name} at once, and nothing that was kept is shown`, async () => {
    await using rig = await createRig(new SystemClock());
    const urls = await urlsFor(rig, 'anna');
    const publisher = await VmPublisher.connect(rig.device.pushTarget, clip);
    publisher.publishUntil(1.5);
    await using watching = await watch(urls);
    const segment = (urls.hls ?? '').replace('index.m3u8', 'segment-0.m4s');
    rig.device.refuse(pushLiveVideo, 1012, 'privacy');
    const sessionId = rig.device.pushTarget.url.split('/').at(-1);
    publisher.say({ type: 'stop', sessionId, reason: 'privacy' });
    await until(() => watching.isOver());
    assert.equal(rig.service.snapshot().viewers, 0);
    assert.notEqual((await fetch(segment)).status, 200);
    await assert.rejects(watch(urls));
  });
}
