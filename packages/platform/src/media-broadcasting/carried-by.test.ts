import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '@cardea/core';
import type { AccessUnit, Track } from '@cardea/media';
import { carries, leftOutOf } from './carried-by.ts';
import { FlvViewer } from './testing/flv-viewer.ts';
import type { Clip } from './testing/media.ts';
import { camera, createRig } from './testing/rig.ts';
import { RtspClient } from './testing/rtsp-client.ts';
import { VmPublisher } from './testing/vm-publisher.ts';
import { WhepViewer } from './testing/whep-viewer.ts';
import { until, WsViewer } from './testing/ws-viewer.ts';

/** A camera that sends AV1 and G.711, which no way to watch but HTTP-FLV takes both of. */
const tracks: readonly Track[] = [
  {
    kind: 'video',
    id: 1,
    timescale: 1_000,
    codec: 'av1',
    codecString: 'av01.0.04M.08',
    config: Uint8Array.of(0x81, 0x04, 0x0c, 0x00),
    width: 640,
    height: 360,
  },
  { kind: 'audio', id: 2, timescale: 8_000, codec: 'g711u', codecString: 'ulaw', config: new Uint8Array(), sampleRate: 8_000, channels: 1 },
];
const pictureOf = (number: number): AccessUnit => {
  return { trackId: 1, dts: number * 40, pts: number * 40, duration: 40, keyframe: number === 0, data: Uint8Array.of(0x12, 0, number) };
};
const soundOf = (number: number): AccessUnit => {
  return { trackId: 2, dts: number * 320, pts: number * 320, duration: 320, keyframe: true, data: new Uint8Array(320) };
};
const clip: Clip = { tracks, units: Array.from({ length: 50 }, (_, number) => [pictureOf(number), soundOf(number)]).flat() };

test('each way to watch says what it leaves out of a stream, and which ones do not', async () => {
  await using rig = await createRig(new VirtualClock());
  const { urls } = await rig.service.startLive(await rig.proof('anna'), camera);
  const publisher = await VmPublisher.connect(rig.device.pushTarget, clip);
  publisher.publishUntil(1);
  await until(() => rig.service.snapshot().bytesIn > 0);

  const socket = await WsViewer.open(urls.ws);
  await until(() => socket.texts.length > 0);
  assert.deepEqual(JSON.parse(socket.texts[0] ?? ''), {
    mime: 'video/mp4; codecs="av01.0.04M.08"',
    leftOut: [{ codec: 'g711u', outputs: ['flv', 'rtsp'] }],
  });
  const playlist = await (await fetch(urls.hls ?? '')).text();
  assert.match(playlist, /\n# left out: g711u, which goes over flv, rtsp\n$/);
  using client = await RtspClient.connect(urls.rtsp ?? '');
  const described = await client.ask('DESCRIBE', urls.rtsp ?? '');
  assert.equal(described.statusCode, 415);
  assert.match(Buffer.from(described.body).toString(), /the camera sends av1, which rtsp does not carry; ws, hls, flv do/);
  await using viewer = WhepViewer.open();
  const answer = await viewer.watch(urls.whep ?? '');
  const problem: unknown = JSON.parse(answer.body);
  assert.ok(typeof problem === 'object' && problem !== null && 'details' in problem);
  assert.deepEqual(problem.details, { codec: 'av1', outputs: ['ws', 'hls', 'flv'] });
  const flv = await FlvViewer.open(urls.flv ?? '');
  await until(() => flv.tracks.length > 0);
  assert.deepEqual(
    flv.tracks[0]?.map(({ codec }) => codec),
    ['av1', 'g711u'],
  );
});

test('every codec is carried by some way to watch, and a rate that one cannot say is not promised there', () => {
  const [video, audio] = tracks;
  assert.ok(video?.kind === 'video' && audio?.kind === 'audio');
  const forms = ['ws', 'hls', 'flv', 'rtsp', 'whep'] as const;
  const waysOf = (track: Track): string => forms.filter((form) => carries(form, track)).join(' ');
  const videos = (['h264', 'h265', 'av1'] as const).map((codec) => `${codec}: ${waysOf({ ...video, codec })}`);
  assert.deepEqual(videos, ['h264: ws hls flv rtsp whep', 'h265: ws hls flv rtsp', 'av1: ws hls flv']);
  const sounds = (['aac', 'opus', 'g711a', 'g711u'] as const).map((codec) => `${codec}: ${waysOf({ ...audio, codec })}`);
  assert.deepEqual(sounds, ['aac: ws hls flv rtsp', 'opus: ws hls flv rtsp whep', 'g711a: flv rtsp', 'g711u: flv rtsp']);
  assert.deepEqual(leftOutOf('ws', [{ ...audio, sampleRate: 16_000 }]), [{ codec: 'g711u', outputs: ['rtsp'] }]);
});
