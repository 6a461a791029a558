import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { AppError } from '@cardea/core';
import { type AccessUnit, buildAvcC, FlvSplitter, Fmp4Muxer, flvType, h264Track } from '@cardea/media';
import { type CapabilitySet, encodeMediaFrame, type ParamsOf, pushLiveVideo, stopLiveVideo, subprotocols } from '@cardea/protocol';
import { WebSocket } from 'ws';
import { LightDevice } from '../support/light-device.ts';
import { startPlatformProcess } from '../support/platform-process.ts';
import { residentMb } from '../support/process-usage.ts';
import { eventually } from './eventually.ts';

const HEALTHY = 50;
const STALLED = 20;
const PICTURES_PER_STEP = 10;
/** More than a connection of this machine holds back and the platform queues together. */
const STEPS = 12;
/** So that the platform has what it needs for the healthy ones. */
const FIRST_STEPS = 4;
const PICTURE_BYTES = 100_000;
const MOST_MB = 64;

const sps = Buffer.from('674d400deca0a0fd80880000030008000003019078a14cb0', 'hex');
const track = h264Track(1, 1_000, buildAvcC([sps], [Buffer.from('68ce0fc8', 'hex')]));

/** One picture that nobody decodes; every twenty-fifth is a key frame. */
function picture(index: number): AccessUnit {
  return {
    trackId: 1,
    dts: index * 40,
    pts: index * 40,
    duration: 40,
    keyframe: index % 25 === 0,
    data: Buffer.alloc(PICTURE_BYTES, index),
  };
}

const channel: CapabilitySet['channels'][number] = {
  channel: 1,
  video: [{ stream: 'main', codecs: ['h264'], resolutions: [[320, 240]], fps: [1, 25], bitrateKbps: [50, 20_000], gopSec: [1, 4] }],
  live: { protocols: ['wss-fmp4'], maxSessions: 1 },
  detections: [],
};

type Push = ParamsOf<typeof pushLiveVideo>;

/** A camera that pushes pictures when the test says so. */
async function pushPictures(
  { channel, sessionId, stream, target }: Push,
  deviceId: string,
): Promise<(units: readonly AccessUnit[]) => void> {
  const socket = new WebSocket(target.url, subprotocols.vm, { headers: { authorization: `Bearer ${target.token}` } });
  await once(socket, 'open');
  const video = { codec: 'h264', width: 320, height: 240, fps: 25, kbps: 20_000, gopSec: 1 };
  socket.send(
    JSON.stringify({ type: 'start', sessionId, deviceId, channel, stream, kind: 'live', token: target.token, startAt: 0, video }),
  );
  await once(socket, 'message');
  const muxer = new Fmp4Muxer([track]);
  let seq = 0;
  const send = (kind: 'init' | 'fragment', payload: Uint8Array): void => {
    socket.send(encodeMediaFrame({ kind, key: false, track: 0, seq, payload }));
    seq += 1;
  };
  send('init', muxer.initSegment());
  return (units) => {
    for (const unit of units) send('fragment', muxer.fragment([unit], seq));
  };
}

async function openViewer(url: string): Promise<IncomingMessage> {
  const [response] = (await once(get(url, { agent: false }), 'response')) as [IncomingMessage];
  assert.equal(response.statusCode, 200);
  response.on('error', () => {});
  return response;
}

/** Counts the pictures it gets. */
async function openHealthy(url: string): Promise<{ readonly pictures: () => number }> {
  const response = await openViewer(url);
  const splitter = new FlvSplitter();
  let pictures = 0;
  response.on('data', (bytes: Buffer) => {
    // The first tag of video holds the configuration.
    pictures += splitter.push(bytes).filter(({ type, data }) => type === flvType.video && data[1] === 1).length;
  });
  return { pictures: () => pictures };
}

test('twenty viewers that read nothing cost fifty others no picture, and the platform little memory', async () => {
  await using platform = await startPlatformProcess();
  const { client, homeId, url } = platform.owner;
  const pushed = Promise.withResolvers<Push>();
  const device = new LightDevice({
    platformUrl: url,
    methods: [pushLiveVideo.method, stopLiveVideo.method],
    announced: { channels: [channel] },
    answer: async (definition, params) => {
      if (definition.method !== pushLiveVideo.method) throw new AppError('NOT_SUPPORTED');
      pushed.resolve(params as Push);
      const { sessionId } = params as Push;
      return { sessionId, state: 'connecting', video: { codec: 'h264', width: 320, height: 240, fps: 25, kbps: 20_000 } };
    },
  });
  await using _device = { [Symbol.asyncDispose]: () => device.stop() };
  await device.start();
  await device.bind((await client.call('bindingCode.create', { params: { id: homeId }, body: {} })).code);
  const { urls } = await client.call('live.create', { params: { id: device.id }, body: { channel: 1, stream: 'main' } });
  assert.ok(urls.flv);
  const send = await pushPictures(await pushed.promise, device.id);
  const healthy = await Promise.all(Array.from({ length: HEALTHY }, () => openHealthy(urls.flv ?? '')));
  const step = async (number: number): Promise<void> => {
    send(Array.from({ length: PICTURES_PER_STEP }, (_, index) => picture(number * PICTURES_PER_STEP + index)));
    const due = (number + 1) * PICTURES_PER_STEP;
    await eventually('every picture at every healthy viewer', async () => healthy.every(({ pictures }) => pictures() >= due) || undefined);
  };
  for (let number = 0; number < FIRST_STEPS; number += 1) await step(number);
  const beforeMb = residentMb(platform.pid);
  const stalled = await Promise.all(Array.from({ length: STALLED }, async () => (await openViewer(urls.flv ?? '')).pause()));
  for (let number = FIRST_STEPS; number < FIRST_STEPS + STEPS; number += 1) await step(number);
  const grownMb = residentMb(platform.pid) - beforeMb;
  assert.deepEqual(
    healthy.map(({ pictures }) => pictures()),
    healthy.map(() => (FIRST_STEPS + STEPS) * PICTURES_PER_STEP),
  );
  assert.ok(grownMb < MOST_MB, `memory grew by ${grownMb} MB`);
  await eventually('the stalled viewers to be cut off', async () => {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    return Number(/^cardea_live_viewers(?:\{[^}]*\})? (\d+)$/m.exec(metrics)?.[1]) === HEALTHY || undefined;
  });
  for (const response of stalled) response.destroy();
});
