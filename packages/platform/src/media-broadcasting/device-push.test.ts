import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AppError, createRandom, silentLogger, VirtualClock } from '@cardea/core';
import { pushLiveVideo, stopLiveVideo } from '@cardea/protocol';
import { DevicePush } from './device-push.ts';
import { type EndReason, LiveStream, type Publisher } from './live-stream.ts';
import { FakeDevice } from './testing/fake-device.ts';
import { plainTrack } from './testing/media.ts';

const source = { deviceId: '7h3kq0v9xw2m5n8d1c4t6r0yzb', channel: 1, stream: 'main' } as const;

function createPush() {
  const clock = new VirtualClock();
  const device = new FakeDevice(clock);
  const states: string[] = [];
  const failures: string[] = [];
  const stream = new LiveStream({
    onPublishing: () => push.onPublishing(),
    onEnded: (reason) => push.onEnded(reason),
    onSinkFailed: () => {},
  });
  const push: DevicePush = new DevicePush({
    source,
    stream,
    commands: device,
    mintTarget: async (sessionId) => ({
      protocol: 'wss-fmp4',
      url: `ws://m/vm/v1/sessions/${sessionId}`,
      token: 't',
      expiresAt: clock.now() + 3_600_000,
    }),
    clock,
    random: createRandom(clock),
    logger: silentLogger,
    onState: (state) => states.push(state),
    onFailed: (error) => failures.push(error.status),
  });
  return { clock, device, stream, push, states, failures };
}

/** The device's media arrives. */
function publish(stream: LiveStream): (reason: EndReason) => void {
  const publisher: Publisher = { stop: (reason) => stream.close(publisher, reason) };
  stream.open(publisher);
  stream.begin(publisher, [plainTrack]);
  return (reason) => stream.close(publisher, reason);
}

test('two who ask for the same stream share one push', async () => {
  const { clock, device, stream, push } = createPush();
  await Promise.all([push.agreement({}), push.agreement({})]);
  publish(stream);
  await clock.advance(0);
  await push.agreement({});
  assert.deepEqual(device.methods, ['live.push']);
});

test('the device is told who publishes where and for how long', async () => {
  const { device, push } = createPush();
  await push.agreement({});
  assert.deepEqual(device.calls[0]?.params, {
    sessionId: push.sessionId,
    channel: 1,
    stream: 'main',
    target: { protocol: 'wss-fmp4', url: `ws://m/vm/v1/sessions/${push.sessionId}`, token: 't', expiresAt: 1_767_229_200_000 },
    ttlSec: 60,
    audio: true,
    reason: 'view',
  });
});

test('a push is renewed every 30 s with the same session', async () => {
  const { clock, device, stream, push } = createPush();
  await push.agreement({});
  publish(stream);
  const session = push.sessionId;
  await clock.advance(90_000);
  assert.deepEqual(device.methods, ['live.push', 'live.push', 'live.push', 'live.push']);
  assert.deepEqual(new Set(device.calls.map(({ params }) => params.sessionId)), new Set([session]));
});

test('stopping tells the device that nobody watches and renews no more', async () => {
  const { clock, device, stream, push, states } = createPush();
  await push.agreement({});
  publish(stream);
  const sessionId = push.sessionId;
  await clock.advance(0);
  await push.stop();
  await clock.advance(300_000);
  assert.deepEqual(device.methods, ['live.push', 'live.stop']);
  assert.deepEqual(device.calls[1]?.params, { sessionId, reason: 'noViewer' });
  assert.deepEqual(states, ['starting', 'publishing', 'stopped']);
  assert.equal(stream.publishing, false);
  assert.equal(clock.pendingTimers, 0);
});

test('a camera in privacy mode refuses, and whoever asked hears its own words', async () => {
  const { device, push, failures } = createPush();
  device.refuse(pushLiveVideo, 1012, 'lens is covered');
  await assert.rejects(push.agreement({}), (error: AppError) => {
    assert.equal(error.status, 'PRIVACY_MODE');
    assert.deepEqual(error.remote, { code: 1012, message: 'lens is covered' });
    return true;
  });
  assert.deepEqual(device.methods, ['live.push']);
  assert.deepEqual(failures, ['PRIVACY_MODE']);
});

test('after a refusal the next viewer asks the device again', async () => {
  const { device, push } = createPush();
  device.refuse(pushLiveVideo, 1012);
  await assert.rejects(push.agreement({}));
  device.answer(pushLiveVideo);
  await push.agreement({});
  assert.deepEqual(device.methods, ['live.push', 'live.push']);
});

test('a busy camera is asked once more after a second', async () => {
  const { clock, device, push } = createPush();
  device.refuse(pushLiveVideo, 1004);
  const agreement = push.agreement({});
  await clock.advance(999);
  assert.equal(device.calls.length, 1);
  device.answer(pushLiveVideo);
  await clock.advance(1);
  await agreement;
  assert.equal(device.calls.length, 2);
});

test('a camera that does not answer is asked once more and counts as offline after ten seconds', async () => {
  const { clock, device, push } = createPush();
  device.stayMute(pushLiveVideo);
  const agreement = assert.rejects(push.agreement({}), { status: 'DEVICE_OFFLINE' });
  await clock.advance(10_000);
  await agreement;
  assert.deepEqual(device.methods, ['live.push', 'live.push', 'live.stop']);
  assert.equal(device.calls[0]?.params.sessionId, device.calls[1]?.params.sessionId);
});

test('a session left over on the camera is stopped to make room', async () => {
  const { device, push } = createPush();
  device.refuse(pushLiveVideo, 1107);
  device.answer(stopLiveVideo, () => {
    device.answer(pushLiveVideo);
    return { stopped: ['01KDVAPJ7C5T9N3W1QX8Z6D0SG'] };
  });
  await push.agreement({});
  assert.deepEqual(device.methods, ['live.push', 'live.stop', 'live.push']);
  assert.deepEqual(device.calls[1]?.params, { channel: 1, stream: 'main', reason: 'error' });
});

test('a camera that agrees but never publishes is given one more session and then up', async () => {
  const { clock, device, push, states, failures } = createPush();
  await push.agreement({});
  const first = push.sessionId;
  await clock.advance(7_999);
  assert.deepEqual(device.methods, ['live.push']);
  await clock.advance(1_001);
  assert.deepEqual(device.methods, ['live.push', 'live.stop', 'live.push']);
  assert.deepEqual(device.calls[1]?.params, { sessionId: first, reason: 'error' });
  assert.notEqual(push.sessionId, first);
  await clock.advance(8_000);
  assert.deepEqual(failures, ['PUSH_CONNECT_FAILED']);
  assert.deepEqual(states, ['starting', 'starting', 'error']);
});

test('media that drops has eight seconds to come back with the same session', async () => {
  const { clock, device, stream, push } = createPush();
  await push.agreement({});
  const end = publish(stream);
  await clock.advance(0);
  end('lost');
  await clock.advance(7_000);
  publish(stream);
  await clock.advance(10_000);
  assert.deepEqual(device.methods, ['live.push']);
});

test('media that stays away is asked for anew', async () => {
  const { clock, device, stream, push } = createPush();
  await push.agreement({});
  const first = push.sessionId;
  const end = publish(stream);
  await clock.advance(0);
  end('lost');
  await clock.advance(9_000);
  assert.deepEqual(device.methods, ['live.push', 'live.stop', 'live.push']);
  assert.notEqual(push.sessionId, first);
});

for (const [reason, status] of [
  ['privacy', 'PRIVACY_MODE'],
  ['lowPower', 'LOW_BATTERY'],
] as const) {
  test(`a camera that ends the push because of ${reason} is not asked again, and viewers are told why`, async () => {
    const { clock, device, stream, push, failures } = createPush();
    await push.agreement({});
    const end = publish(stream);
    await clock.advance(0);
    end(reason);
    await clock.advance(60_000);
    assert.deepEqual(failures, [status]);
    assert.deepEqual(device.methods, ['live.push', 'live.stop']);
  });
}

for (const [reason, dueMs] of [
  ['command', 0],
  ['ttl', 0],
  ['endOfMedia', 0],
  ['reschedule', 0],
  ['replaced', 0],
  // After these the device tries the same address again by itself.
  ['error', 8_000],
  ['overload', 8_000],
] as const) {
  test(`a camera that ends the push with ${reason} is asked for another session ${dueMs === 0 ? 'within a second' : 'when it does not come back'}`, async () => {
    const { clock, device, stream, push, failures } = createPush();
    await push.agreement({});
    const first = push.sessionId;
    const end = publish(stream);
    await clock.advance(0);
    end(reason);
    await clock.advance(Math.max(0, dueMs - 1));
    assert.equal(push.sessionId, dueMs === 0 ? undefined : first);
    await clock.advance(1_001);
    assert.deepEqual([device.pushes, failures], [2, []]);
    assert.notEqual(push.sessionId, first);
  });
}

test('while viewers wait, a camera that went offline is asked again as soon as it is back', async () => {
  const { clock, device, stream, push, failures } = createPush();
  await push.agreement({});
  const end = publish(stream);
  await clock.advance(0);
  device.goOffline();
  end('lost');
  await clock.advance(60_000);
  assert.deepEqual(failures, []);
  device.comeBack();
  const before = device.pushes;
  push.onDeviceChanged();
  await clock.advance(0);
  assert.equal(device.pushes, before + 1);
  publish(stream);
  await clock.advance(1);
  assert.equal(stream.publishing, true);
});

test('a renewal that fails while the media flows disturbs nobody and is repeated soon', async () => {
  const { clock, device, stream, push, failures } = createPush();
  await push.agreement({});
  publish(stream);
  await clock.advance(29_000);
  device.goOffline();
  await clock.advance(1_000);
  device.comeBack();
  await clock.advance(5_000);
  assert.equal(device.pushes, 3);
  assert.deepEqual(failures, []);
});

test('whoever stops waiting hears so, and the others go on', async () => {
  const { clock, device, push } = createPush();
  device.stayMute(pushLiveVideo);
  const leaving = new AbortController();
  const left = assert.rejects(push.agreement({ signal: leaving.signal }), { status: 'CANCELLED' });
  const stays = push.agreement({});
  await clock.advance(1_000);
  leaving.abort();
  await left;
  device.answer(pushLiveVideo);
  await clock.advance(4_000);
  await stays;
});

test('a push that another process began goes on here: a device that is led is only told to renew, one that cannot be led is asked', async () => {
  const { clock, device, stream, push } = createPush();
  const target = await push.takeOver({ sessionId: '01KDVAPJ7C5T9N3W1QX8Z6D0SG', isLed: true });
  assert.equal(target.url, 'ws://m/vm/v1/sessions/01KDVAPJ7C5T9N3W1QX8Z6D0SG');
  await push.agreement({});
  publish(stream);
  await clock.advance(29_000);
  assert.deepEqual(device.methods, []);
  await clock.advance(2_000);
  assert.deepEqual([device.methods, device.calls[0]?.params.sessionId], [['live.push'], '01KDVAPJ7C5T9N3W1QX8Z6D0SG']);
  await push.stop();

  const other = createPush();
  await other.push.takeOver({ sessionId: '01KDVAPJ7C5T9N3W1QX8Z6D0SG', isLed: false });
  await other.push.agreement({});
  assert.deepEqual(
    other.device.calls.map(({ method, params }) => [method, params.sessionId]),
    [['live.push', '01KDVAPJ7C5T9N3W1QX8Z6D0SG']],
  );
});

test('a device that does not come where it was led is asked for a session of its own', async () => {
  const { clock, device, push } = createPush();
  await push.takeOver({ sessionId: '01KDVAPJ7C5T9N3W1QX8Z6D0SG', isLed: true });
  await clock.advance(10_000);
  const [stop, again] = device.calls;
  assert.deepEqual([stop?.method, again?.method], ['live.stop', 'live.push']);
  assert.notEqual(again?.params.sessionId, '01KDVAPJ7C5T9N3W1QX8Z6D0SG');
});

test('a push that is left to another process is not stopped, and the publisher stays until it went there', async () => {
  const { clock, device, stream, push, states } = createPush();
  await push.agreement({});
  publish(stream);
  await clock.advance(0);
  push.handOver();
  await clock.advance(120_000);
  assert.deepEqual([device.methods, stream.publishing, states.at(-1)], [['live.push'], true, 'publishing']);
});
