import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type AppError, VirtualClock } from '@cardea/core';
import { parseFragment, parseInitSegment } from '@cardea/media';
import { pushLiveVideo } from '@cardea/protocol';
import { type Clip, makeClip, picture, plainTrack } from './testing/media.ts';
import { camera, createRig, type Rig, type UserName } from './testing/rig.ts';
import { VmPublisher } from './testing/vm-publisher.ts';
import { until, WsViewer } from './testing/ws-viewer.ts';

let directory: string;
let clip: Clip;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cardea-clip-'));
  clip = await makeClip(directory);
});
after(() => rm(directory, { recursive: true }));

const startLive = async (rig: Rig, user: UserName = 'anna') => await rig.service.startLive(await rig.proof(user), camera);

/** `ffprobe`'s view of what a viewer received. */
async function probe(media: Buffer): Promise<readonly { readonly type: string; readonly key: boolean; readonly atSec: number }[]> {
  const path = join(directory, 'received.mp4');
  await writeFile(path, media);
  const fields = ['-show_entries', 'frame=media_type,key_frame,best_effort_timestamp_time', '-of', 'csv=p=0'];
  const lines = execFileSync('ffprobe', ['-v', 'error', ...fields, path], { encoding: 'utf8' })
    .trim()
    .split('\n');
  return lines.map((line) => {
    const [type = '', key, atSec] = line.split(',');
    return { type, key: key === '1', atSec: Number(atSec) };
  });
}

test('two viewers watch what one camera pushes once', async () => {
  const clock = new VirtualClock();
  await using rig = await createRig(clock);
  const [anna, ben] = await Promise.all([startLive(rig, 'anna'), startLive(rig, 'ben')]);
  const publisher = await VmPublisher.connect(rig.device.pushTarget, clip);
  const viewers = [await WsViewer.open(anna.urls.ws), await WsViewer.open(ben.urls.ws)];
  publisher.publishUntil(4);
  const timescaleOf = (trackId: number) => clip.tracks.find(({ id }) => id === trackId)?.timescale ?? 1;
  const fragments = clip.units.filter(({ trackId, dts }) => dts / timescaleOf(trackId) < 4).length;
  await until(() => viewers.every(({ binaries }) => binaries.length === fragments + 1));
  assert.deepEqual(rig.device.methods, ['live.push']);
  for (const viewer of viewers) {
    assert.deepEqual(viewer.texts, [`{"mime":"video/mp4; codecs=\\"${clip.tracks[0]?.codecString},mp4a.40.2\\""}`]);
    const frames = await probe(viewer.media);
    assert.equal(frames.filter(({ type }) => type === 'video').length, 100);
    assert.equal(frames[0]?.key, true);
    assert.ok(Math.abs(frames[0]?.atSec ?? 9) < 0.1);
  }
  assert.deepEqual(rig.service.snapshot().viewers, 2);
  assert.deepEqual(rig.liveStates, ['starting', 'publishing']);
});

/** Lets time pass while the camera sends a little more of its clip every nine seconds. */
async function watchFor(rig: Rig, { clock, publisher, seconds }: { clock: VirtualClock; publisher: VmPublisher; seconds: number }) {
  for (let left = seconds; left > 0; left -= 9) {
    const before = rig.service.snapshot().bytesIn;
    publisher.publishMore(0.5);
    await until(() => rig.service.snapshot().bytesIn > before);
    await clock.advance(Math.min(9, left) * 1_000);
  }
}

test('who comes late sees the kept key frame at once', async () => {
  await using rig = await createRig(new VirtualClock());
  const live = await startLive(rig);
  const publisher = await VmPublisher.connect(rig.device.pushTarget, clip);
  publisher.publishUntil(2.5);
  await until(() => rig.service.snapshot().bytesIn > 0);
  const viewer = await WsViewer.open(live.urls.ws);
  await until(() => viewer.binaries.length >= 2);
  const [init, first] = viewer.binaries;
  assert.ok(init !== undefined && first !== undefined);
  const units = parseFragment(first, parseInitSegment(init));
  assert.equal(units[0]?.keyframe, true);
  assert.ok(units.length > 10);
});

test('an address works without a session of the caller, and only for what it was made for', async () => {
  await using rig = await createRig(new VirtualClock());
  const live = await startLive(rig);
  const other = live.urls.ws.replace('/main/', '/sub/');
  const absent = live.urls.ws.replace(camera.deviceId, '00000000000000000000000000');
  const forged = live.urls.ws.replace(/.{8}$/, 'AAAAAAAA');
  const publishToken = `${live.urls.ws.split('?')[0]}?token=${rig.device.pushTarget.token}`;
  const none = live.urls.ws.split('?')[0] ?? '';
  for (const url of [other, absent, forged, publishToken, `${none}?token=`, none]) {
    await assert.rejects(WsViewer.open(url), { message: '401' });
  }
  const viewer = await WsViewer.open(live.urls.ws);
  viewer.close();
});

test('an ended session closes its connections and its token is dead', async () => {
  await using rig = await createRig(new VirtualClock());
  const live = await startLive(rig);
  const viewer = await WsViewer.open(live.urls.ws);
  rig.service.end(rig.principal('anna'), live.sessionId);
  await until(() => viewer.closed !== undefined);
  assert.deepEqual(viewer.closed, { code: 1000, reason: 'ended' });
  await assert.rejects(WsViewer.open(live.urls.ws), { message: '401' });
  assert.throws(() => rig.service.end(rig.principal('anna'), live.sessionId), { status: 'SESSION_NOT_FOUND' });
});

test('a session is renewed and ended by its own user only', async () => {
  await using rig = await createRig(new VirtualClock());
  const live = await startLive(rig, 'anna');
  await assert.rejects(rig.service.renew(rig.principal('ben'), live.sessionId), { status: 'SESSION_NOT_FOUND' });
  assert.throws(() => rig.service.end(rig.principal('ben'), live.sessionId), { status: 'SESSION_NOT_FOUND' });
  const renewed = await rig.service.renew(rig.principal('anna'), live.sessionId);
  assert.equal(renewed.sessionId, live.sessionId);
});

test('a session nobody renews or uses ends after a minute, and the push ten seconds later', async () => {
  const clock = new VirtualClock();
  await using rig = await createRig(clock);
  const live = await startLive(rig);
  await VmPublisher.connect(rig.device.pushTarget, clip);
  assert.equal(live.expiresAt, clock.now() + 60_000);
  await clock.advance(40_000);
  await rig.service.renew(rig.principal('anna'), live.sessionId);
  await clock.advance(59_000);
  assert.equal(rig.service.snapshot().sessions, 1);
  await clock.advance(1_000);
  assert.equal(rig.service.snapshot().sessions, 0);
  await assert.rejects(WsViewer.open(live.urls.ws), { message: '401' });
});

test('after the last viewer the push lingers ten seconds, in which the next one finds it running', async () => {
  const clock = new VirtualClock();
  await using rig = await createRig(clock);
  const first = await startLive(rig);
  const publisher = await VmPublisher.connect(rig.device.pushTarget, clip);
  await watchFor(rig, { clock, publisher, seconds: 2 });
  rig.service.end(rig.principal('anna'), first.sessionId);
  await watchFor(rig, { clock, publisher, seconds: 9 });
  const second = await startLive(rig);
  await watchFor(rig, { clock, publisher, seconds: 5 });
  assert.deepEqual(rig.device.methods, ['live.push']);
  rig.service.end(rig.principal('anna'), second.sessionId);
  await watchFor(rig, { clock, publisher, seconds: 10 });
  assert.deepEqual(rig.device.methods, ['live.push', 'live.stop']);
  await until(() => publisher.closeCode !== undefined);
  assert.deepEqual(rig.liveStates, ['starting', 'publishing', 'stopped']);
  assert.equal(rig.service.snapshot().streams, 0);
});

test('an open connection keeps its session alive', async () => {
  const clock = new VirtualClock();
  await using rig = await createRig(clock);
  const live = await startLive(rig);
  const publisher = await VmPublisher.connect(rig.device.pushTarget, clip);
  const viewer = await WsViewer.open(live.urls.ws);
  await watchFor(rig, { clock, publisher, seconds: 80 });
  assert.equal(viewer.closed, undefined);
  viewer.close();
  await until(() => rig.service.snapshot().viewers === 0);
  await watchFor(rig, { clock, publisher, seconds: 59 });
  assert.equal(rig.service.snapshot().sessions, 1);
  await clock.advance(1_000);
  assert.equal(rig.service.snapshot().sessions, 0);
});

test('a viewer that stops reading is cut off, and no other misses a picture', async () => {
  await using rig = await createRig(new VirtualClock());
  const live = await startLive(rig);
  // Ten seconds of 20 Mbit/s: what the network of this machine holds back for one connection is less.
  const units = Array.from({ length: 250 }, (_, index) => picture(index, { sizeBytes: 100_000 }));
  const publisher = await VmPublisher.connect(rig.device.pushTarget, { tracks: [plainTrack], units });
  const stalled = await WsViewer.open(live.urls.ws);
  const healthy = await WsViewer.open(live.urls.ws);
  stalled.socket.pause();
  for (let second = 1; second <= 10; second += 1) {
    publisher.publishUntil(second);
    await until(() => healthy.binaries.length === 1 + 25 * second);
  }
  const { skips, tooSlow } = rig.service.snapshot();
  assert.deepEqual({ skips, tooSlow }, { skips: 1, tooSlow: 1 });
  assert.equal(healthy.closed, undefined);
  stalled.socket.resume();
  await until(() => stalled.closed !== undefined);
  assert.deepEqual(stalled.closed, { code: 1013, reason: 'too slow' });
  assert.ok(stalled.binaries.length < 200);
});

test('a camera that refuses is heard by the one who asked, and no session stays', async () => {
  await using rig = await createRig(new VirtualClock());
  rig.device.refuse(pushLiveVideo, 1012, 'lens is covered');
  await assert.rejects(startLive(rig), (error: AppError) => error.httpStatus === 409 && error.remote?.code === 1012);
  assert.equal(rig.service.snapshot().sessions, 0);
  assert.deepEqual(rig.liveStates, ['starting', 'error']);
});

test('a channel or stream the device does not have is not asked for', async () => {
  await using rig = await createRig(new VirtualClock());
  const proof = await rig.proof('anna');
  await assert.rejects(rig.service.startLive(proof, { channel: 2, stream: 'main' }), { code: 1100, httpStatus: 422 });
  await assert.rejects(rig.service.startLive(proof, { channel: 1, stream: 'third' }), { code: 1101, httpStatus: 422 });
  assert.deepEqual(rig.device.calls, []);
});

test('a user who opens the address with a bearer token starts the stream, and ends it by leaving', async () => {
  const clock = new VirtualClock();
  await using rig = await createRig(clock);
  const url = `ws://${rig.host}/live/${camera.deviceId}/1/main/ws`;
  const viewer = await WsViewer.open(url, { bearer: 'ben' });
  assert.deepEqual(rig.device.methods, ['live.push']);
  assert.deepEqual(
    rig.service.viewers(await rig.proof('anna')).map(({ userId, stream }) => [userId, stream]),
    [['ben', 'main']],
  );
  const publisher = await VmPublisher.connect(rig.device.pushTarget, clip);
  viewer.close();
  await until(() => rig.service.snapshot().sessions === 0);
  await watchFor(rig, { clock, publisher, seconds: 10 });
  assert.deepEqual(rig.device.methods, ['live.push', 'live.stop']);
});

test('a stranger cannot tell a foreign camera from none, a visitor is asked who he is', async () => {
  await using rig = await createRig(new VirtualClock());
  const url = `ws://${rig.host}/live/${camera.deviceId}/1/main/ws`;
  const absent = url.replace(camera.deviceId, '00000000000000000000000000');
  await assert.rejects(WsViewer.open(url, { bearer: 'carl' }), { message: '404' });
  await assert.rejects(WsViewer.open(absent, { bearer: 'anna' }), { message: '404' });
  await assert.rejects(WsViewer.open(url), { message: '401' });
  await assert.rejects(WsViewer.open(absent), { message: '401' });
  await assert.rejects(WsViewer.open(url.replace('/main/', '/third/'), { bearer: 'anna' }), { message: '422' });
  assert.deepEqual(rig.device.calls, []);
});

test('a camera that refuses an opened address is told as the status of the upgrade', async () => {
  await using rig = await createRig(new VirtualClock());
  rig.device.refuse(pushLiveVideo, 1011);
  await assert.rejects(WsViewer.open(`ws://${rig.host}/live/${camera.deviceId}/1/main/ws`, { bearer: 'anna' }), { message: '409' });
  assert.equal(rig.service.snapshot().sessions, 0);
});

test('a member who loses the right to watch is cut off at once when that is announced', async () => {
  await using rig = await createRig(new VirtualClock());
  const live = await startLive(rig, 'ben');
  const viewer = await WsViewer.open(live.urls.ws);
  await rig.db.deleteFrom('home_member').where('user_id', '=', 'ben').execute();
  rig.bus.publish({ type: 'revoked', scope: 'user', id: 'ben' });
  await until(() => viewer.closed !== undefined);
  assert.deepEqual(viewer.closed, { code: 1008, reason: 'revoked' });
});

test('a member who loses the right to watch is cut off within 30 s when nobody says so', async () => {
  const clock = new VirtualClock();
  await using rig = await createRig(clock);
  const anna = await WsViewer.open((await startLive(rig, 'anna')).urls.ws);
  const ben = await WsViewer.open((await startLive(rig, 'ben')).urls.ws);
  await rig.db.updateTable('home_member').set({ actions: '["view.events"]' }).where('user_id', '=', 'ben').execute();
  const publisher = await VmPublisher.connect(rig.device.pushTarget, clip);
  await watchFor(rig, { clock, publisher, seconds: 30 });
  await until(() => ben.closed !== undefined);
  assert.equal(anna.closed, undefined);
});

test('a camera that is bound to another home stops at once', async () => {
  await using rig = await createRig(new VirtualClock());
  const viewer = await WsViewer.open((await startLive(rig)).urls.ws);
  const publisher = await VmPublisher.connect(rig.device.pushTarget, clip);
  await rig.db.updateTable('device').set({ home_id: 'elsewhere', binding_epoch: 4 }).where('id', '=', camera.deviceId).execute();
  rig.bus.publish({ type: 'revoked', scope: 'device', id: camera.deviceId });
  await until(() => viewer.closed !== undefined && publisher.closeCode !== undefined);
  await assert.rejects(VmPublisher.connect(rig.device.pushTarget, clip), /401/);
});

test('publishing needs the token of a push that is wanted now', async () => {
  const clock = new VirtualClock();
  await using rig = await createRig(clock);
  const live = await startLive(rig);
  const { url, token } = rig.device.pushTarget;
  await assert.rejects(VmPublisher.connect({ url, token: live.token }, clip), /401/);
  await assert.rejects(VmPublisher.connect({ url, token: 'x' }, clip), /401/);
  await assert.rejects(VmPublisher.connect({ url: url.replace(/.$/, (last) => (last === '0' ? '1' : '0')), token }, clip), /401/);
  const claims = { ...camera, epoch: 3, sessionId: '01KDVAPJ7C5T9N3W1QX8Z6D0SG', kind: 'live' } as const;
  const unwanted = await rig.tokens.mint('vm-publish', claims, 60_000);
  await assert.rejects(VmPublisher.connect({ url: url.replace(/[^/]+$/, claims.sessionId), token: unwanted.token }, clip), /404/);
  rig.service.end(rig.principal('anna'), live.sessionId);
  await clock.advance(10_000);
  await assert.rejects(VmPublisher.connect({ url, token }, clip), /404/);
});

test('a camera whose connection broke takes its session up again, and viewers see no seam', async () => {
  await using rig = await createRig(new VirtualClock());
  const viewer = await WsViewer.open((await startLive(rig)).urls.ws);
  const first = await VmPublisher.connect(rig.device.pushTarget, clip);
  first.publishUntil(1);
  await until(() => viewer.binaries.length > 25);
  first.drop();
  const again = await VmPublisher.connect(rig.device.pushTarget, clip);
  const before = viewer.binaries.length;
  again.publishUntil(1);
  await until(() => viewer.binaries.length >= 2 * before - 1);
  const video = (await probe(viewer.media)).filter(({ type }) => type === 'video').map(({ atSec }) => atSec);
  assert.equal(video.length, 50);
  const steps = video.slice(1).map((atSec, index) => atSec - (video[index] ?? 0));
  assert.ok(Math.min(...steps) > 0.039);
  assert.ok(Math.max(...steps) < 0.2);
  assert.equal(viewer.texts.length, 1);
});

test('a viewer that pings amid the pictures is answered between whole messages', async () => {
  await using rig = await createRig(new VirtualClock());
  const viewer = await WsViewer.open((await startLive(rig)).urls.ws);
  const publisher = await VmPublisher.connect(rig.device.pushTarget, clip);
  const pongs: string[] = [];
  viewer.socket.on('pong', (data) => pongs.push(String(data)));
  for (let step = 1; step <= 20; step += 1) {
    viewer.socket.ping(String(step));
    publisher.publishUntil(step / 10);
    const seen = viewer.binaries.length;
    await until(() => pongs.length === step && viewer.binaries.length > seen);
  }
  await until(() => viewer.binaries.length > 140);
  assert.equal((await probe(viewer.media)).filter(({ type }) => type === 'video').length, 50);
  viewer.close();
  await until(() => viewer.closed !== undefined);
  assert.equal(viewer.closed?.code, 1005);
});

test('a camera that sends a frame beyond 4 MiB is closed', async () => {
  await using rig = await createRig(new VirtualClock());
  await startLive(rig);
  const units = [picture(0, { sizeBytes: 4 * 1024 * 1024 })];
  const publisher = await VmPublisher.connect(rig.device.pushTarget, { tracks: [plainTrack], units });
  publisher.publishUntil(1);
  await until(() => publisher.closeCode !== undefined);
  assert.equal(publisher.closeCode, 1009);
});

test('when the platform stops, viewers are told that it goes away', async () => {
  const rig = await createRig(new VirtualClock());
  const viewer = await WsViewer.open((await startLive(rig)).urls.ws);
  await rig[Symbol.asyncDispose]();
  await until(() => viewer.closed !== undefined);
  assert.equal(viewer.closed?.code, 1001);
});
