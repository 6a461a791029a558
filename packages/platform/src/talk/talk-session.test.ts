import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLoopbackLinks, type Link, VirtualClock } from '@cardea/core';
import { decodeAudioFrame } from '@cardea/protocol';
import { TalkSession } from './talk-session.ts';

/** One end of a connection to a session. */
class Peer {
  readonly texts: string[] = [];
  readonly frames: Uint8Array[] = [];
  closeCode: number | undefined;
  /** The end of the session. */
  readonly near: Link;
  readonly link: Link;

  constructor() {
    [this.near, this.link] = createLoopbackLinks();
    this.link.open({
      onText: (text) => void this.texts.push(text),
      onBinary: (bytes) => void this.frames.push(bytes),
      onClose: (code) => {
        this.closeCode = code;
      },
    });
  }

  get heard(): readonly (readonly [seq: number, first: number])[] {
    return this.frames.map((bytes) => {
      const { seq = -1, payload = new Uint8Array() } = decodeAudioFrame(bytes) ?? {};
      return [seq, payload[0] ?? -1];
    });
  }

  say(...firsts: readonly number[]): void {
    for (const first of firsts) this.link.sendBinary(Uint8Array.of(first, 0));
  }
}

class Rig {
  readonly clock = new VirtualClock();
  renewals = 0;
  ended = 0;
  readonly session: TalkSession;

  constructor() {
    this.session = new TalkSession({
      claims: { userId: 'u', userSessionId: 's', deviceId: 'd', epoch: 1, channel: 1, action: 'control', sessionId: 'S' },
      homeId: 'h',
      format: { codec: 'g711u', sampleRate: 8_000 },
      clock: this.clock,
      onRenew: () => {
        this.renewals += 1;
      },
      onEnded: () => {
        this.ended += 1;
      },
    });
  }

  async talker(): Promise<Peer> {
    const peer = new Peer();
    this.session.attachTalker(peer.near);
    await this.clock.advance(0);
    return peer;
  }

  async device(): Promise<Peer> {
    const peer = new Peer();
    this.session.attachDevice(peer.near);
    await this.clock.advance(0);
    return peer;
  }
}

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

test('what is said goes to the device behind the format, numbered, and the talker knows whether it is heard', async () => {
  const rig = new Rig();
  const talker = await rig.talker();
  assert.deepEqual(talker.texts, ['{"state":"waiting"}']);
  const device = await rig.device();
  assert.deepEqual(device.texts, ['{"type":"start","codec":"g711u","sampleRate":8000,"channels":1}']);
  talker.say(7, 8);
  await rig.clock.advance(0);
  assert.deepEqual(device.heard, [
    [0, 7],
    [1, 8],
  ]);
  assert.deepEqual(talker.texts, ['{"state":"waiting"}', '{"state":"playing"}']);
});

test('of what is said before the device is there a second is kept', async () => {
  const rig = new Rig();
  const talker = await rig.talker();
  talker.say(...numbers(50));
  await rig.clock.advance(1_000);
  talker.say(...numbers(50).map((number) => number + 100));
  await rig.clock.advance(0);
  const device = await rig.device();
  assert.deepEqual([device.frames.length, device.heard[0]?.[1]], [50, 100]);
});

test('nobody speaks faster than time passes: what is beyond a second ahead is left out', async () => {
  const rig = new Rig();
  const device = await rig.device();
  const talker = await rig.talker();
  talker.say(...numbers(200));
  await rig.clock.advance(0);
  assert.equal(device.frames.length, 50);
  await rig.clock.advance(1_000);
  talker.say(...numbers(200));
  await rig.clock.advance(0);
  assert.equal(device.frames.length, 100);
});

test('a device that is lost has ten seconds to come back, and what is said goes on being numbered', async () => {
  const rig = new Rig();
  const talker = await rig.talker();
  const first = await rig.device();
  talker.say(1);
  await rig.clock.advance(0);
  first.link.close(1_011, 'gone');
  await rig.clock.advance(9_999);
  talker.say(2);
  await rig.clock.advance(0);
  const second = await rig.device();
  assert.deepEqual([first.heard, second.heard], [[[0, 1]], [[1, 2]]]);
  second.link.close(1_011, 'gone');
  await rig.clock.advance(10_000);
  assert.deepEqual([talker.closeCode, rig.ended], [1_011, 1]);
  assert.equal(rig.clock.pendingTimers, 0);
});

test('a talk that the device ended is over, and one in which nobody talks is over after twenty seconds', async () => {
  const rig = new Rig();
  const talker = await rig.talker();
  const device = await rig.device();
  device.link.close(1_000, 'stopped');
  await rig.clock.advance(0);
  assert.deepEqual([talker.closeCode, rig.ended], [1_000, 1]);

  const idle = new Rig();
  const late = await idle.talker();
  await idle.device();
  await idle.clock.advance(29_000);
  assert.equal(idle.renewals, 0);
  await idle.clock.advance(1_000);
  assert.equal(idle.renewals, 1);
  late.link.close(1_000, 'done');
  await idle.clock.advance(19_999);
  assert.equal(idle.session.ended, false);
  await idle.clock.advance(1);
  assert.deepEqual([idle.session.ended, idle.ended], [true, 1]);
});

test('whoever opens the session again takes the place of the connection before', async () => {
  const rig = new Rig();
  const older = await rig.talker();
  const newer = await rig.talker();
  assert.equal(older.closeCode, 1_008);
  const device = await rig.device();
  newer.say(3);
  await rig.clock.advance(0);
  assert.deepEqual(device.heard, [[0, 3]]);
});

test('a device that is let go ends nothing by leaving: whoever talks is told why by whoever let it go', async () => {
  const rig = new Rig();
  const [talker, device] = [await rig.talker(), await rig.device()];
  rig.session.releaseDevice();
  await rig.clock.advance(0);
  assert.equal(device.closeCode, 1_000);
  assert.deepEqual([rig.ended, talker.closeCode], [0, undefined]);
  rig.session.end(1_012, 'moved');
  await rig.clock.advance(0);
  assert.deepEqual([rig.ended, talker.closeCode], [1, 1_012]);
});
