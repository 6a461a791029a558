import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLoopbackLinks, type Link, silentLogger, VirtualClock } from '@cardea/core';
import { encodeAudioFrame } from '@cardea/protocol';
import type { CameraChannel } from '../camera.ts';
import type { SocketRequest } from '../net/socket-connector.ts';
import type { TalkParams } from './talk-session.ts';
import { Talks } from './talks.ts';

const SESSION = '01KDVBT1N9Q2T4W6Y8B0D1F3H5';
const OTHER_SESSION = '01KDVBT1N9Q2T4W6Y8B0D1F3H6';

/** A device with one loudspeaker, and the media server it fetches voices from. */
class Rig {
  readonly clock = new VirtualClock();
  readonly requests: SocketRequest[] = [];
  readonly servers: Link[] = [];
  readonly played: number[][] = [];
  voices = 0;
  closes: number[] = [];
  isPrivate = false;
  isLow = false;
  readonly talks: Talks;

  constructor() {
    const silent: CameraChannel = { channel: 2, name: 'Garden', streams: [], detections: [] };
    const lens: CameraChannel = {
      ...silent,
      channel: 1,
      speaker: {
        codecs: ['g711u'],
        sampleRates: [8_000],
        duplex: 'half',
        open: () => {
          this.voices += 1;
          return {
            play: (frame) => void this.played.push([...frame]),
            [Symbol.asyncDispose]: async () => {
              this.voices -= 1;
            },
          };
        },
      },
    };
    this.talks = new Talks({
      channel: (channel) => (channel === 1 ? lens : silent),
      isPrivate: () => this.isPrivate,
      isLow: () => this.isLow,
      connect: async (request) => {
        this.requests.push(request);
        const [near, far] = createLoopbackLinks();
        far.open({ onText: () => {}, onBinary: () => {}, onClose: (code) => void this.closes.push(code) });
        this.servers.push(far);
        return near;
      },
      clock: this.clock,
      logger: silentLogger,
    });
  }

  start(more: Partial<TalkParams> = {}) {
    const source = { protocol: 'wss-audio', url: `ws://127.0.0.1/vm/v1/talk/${SESSION}`, token: 'T' } as const;
    return this.talks.start({ sessionId: SESSION, channel: 1, source, codec: 'g711u', sampleRate: 8_000, ttlSec: 60, ...more });
  }

  get server(): Link {
    const newest = this.servers.at(-1);
    assert.ok(newest);
    return newest;
  }

  async begin(codec = 'g711u'): Promise<void> {
    await this.clock.advance(0);
    this.server.sendText(JSON.stringify({ type: 'start', codec, sampleRate: 8_000, channels: 1 }));
    await this.clock.advance(0);
  }

  say(seq: number, ...payload: number[]): void {
    this.server.sendBinary(encodeAudioFrame({ seq, payload: Uint8Array.from(payload) }));
  }
}

test('a voice is fetched with the token and played in order; what comes late is left out', async () => {
  const rig = new Rig();
  assert.deepEqual(rig.start(), { sessionId: SESSION, state: 'connecting', duplex: 'half' });
  await rig.begin();
  assert.equal(rig.requests[0]?.bearer, 'T');
  assert.equal(rig.start().state, 'playing');
  rig.say(4_294_967_295, 1);
  rig.say(1, 3);
  rig.say(0, 2);
  rig.say(2, 4);
  await rig.clock.advance(0);
  assert.deepEqual(rig.played, [[1], [3], [4]]);
  assert.equal(rig.talks.stop(SESSION), true);
  assert.equal(rig.talks.stop(SESSION), false);
  await rig.clock.advance(0);
  assert.deepEqual([rig.voices, rig.talks.count, rig.closes], [0, 0, [1_000]]);
  assert.equal(rig.clock.pendingTimers, 0);
});

test('one person talks at a time, and only where and when it is possible', async () => {
  const rig = new Rig();
  assert.throws(() => rig.start({ channel: 2 }), { status: 'NOT_SUPPORTED' });
  assert.throws(() => rig.start({ codec: 'opus', sampleRate: 48_000 }), { status: 'CODEC_UNSUPPORTED' });
  assert.throws(() => rig.start({ source: { protocol: 'whep', url: 'https://h.example/', token: 'T' } }), { status: 'NOT_SUPPORTED' });
  assert.throws(() => rig.start({ source: { protocol: 'wss-audio', url: 'ws://h.example/', token: 'T' } }), { status: 'URL_INVALID' });
  rig.isPrivate = true;
  assert.throws(() => rig.start(), { status: 'PRIVACY_MODE' });
  rig.isPrivate = false;
  rig.isLow = true;
  assert.throws(() => rig.start(), { status: 'LOW_BATTERY' });
  rig.isLow = false;
  rig.start();
  assert.throws(() => rig.start({ sessionId: OTHER_SESSION }), { status: 'ALREADY_ACTIVE' });
  await rig.talks[Symbol.asyncDispose]();
  assert.equal(rig.start({ sessionId: OTHER_SESSION }).state, 'connecting');
  await rig.talks[Symbol.asyncDispose]();
});

test('a sound of another codec than announced is refused', async () => {
  const rig = new Rig();
  rig.start();
  await rig.begin('opus');
  assert.deepEqual([rig.closes, rig.talks.count, rig.voices], [[1_003], 0, 0]);
});

test('a lost connection is made again after 1, 2 and 4 s, and then the talk is over', async () => {
  const rig = new Rig();
  rig.start();
  for (const waitMs of [1_000, 2_000, 4_000]) {
    await rig.begin();
    rig.server.close(1_011, 'gone');
    await rig.clock.advance(waitMs - 1);
    const before = rig.servers.length;
    await rig.clock.advance(1);
    assert.equal(rig.servers.length, before + 1);
  }
  await rig.begin();
  rig.server.close(1_011, 'gone');
  await rig.clock.advance(0);
  assert.deepEqual([rig.servers.length, rig.talks.count, rig.voices], [4, 0, 0]);
});

test('a talk ends when the other end is done, and when nobody renews it', async () => {
  const rig = new Rig();
  rig.start();
  await rig.begin();
  rig.server.close(1_000, 'over');
  await rig.clock.advance(0);
  assert.equal(rig.talks.count, 0);

  rig.start();
  await rig.begin();
  await rig.clock.advance(59_000);
  rig.start();
  await rig.clock.advance(59_000);
  assert.equal(rig.talks.count, 1);
  await rig.clock.advance(1_000);
  assert.deepEqual([rig.talks.count, rig.voices], [0, 0]);
});
