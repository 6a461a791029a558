import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { createRandom, VirtualClock } from '@cardea/core';
import { buildRtspResponse, RtspReader, type RtspRequest } from '@cardea/media';
import { parseRtspAddress } from './rtsp-address.ts';
import { playRtsp, type RtspStream } from './rtsp-session.ts';

const description = [
  'v=0',
  'm=audio 0 RTP/AVP 8',
  'a=control:sound',
  'm=video 0 RTP/AVP 96',
  'a=rtpmap:96 H264/90000',
  'a=control:picture',
  'm=application 0 RTP/AVP 107',
  '',
].join('\r\n');

type Answer = { readonly headers?: Record<string, string>; readonly body?: string; readonly statusCode?: number } | 'nothing';

let server: Server;
let clock: VirtualClock;
let asked: RtspRequest[];
let socket: Socket | undefined;
/** What a camera answers, over what a plain one does. */
let answers: Readonly<Record<string, Answer>>;
let arrived: EventTarget;

const plain: Readonly<Record<string, Answer>> = {
  OPTIONS: { headers: { Public: 'DESCRIBE, SETUP, PLAY, GET_PARAMETER' } },
  DESCRIBE: { body: description },
  SETUP: { headers: { Session: 'S1;timeout=20' } },
};

beforeEach(async () => {
  clock = new VirtualClock(1_767_225_600_000);
  asked = [];
  answers = {};
  arrived = new EventTarget();
  server = createServer((connection) => {
    socket = connection;
    const reader = new RtspReader();
    connection.on('error', () => {});
    connection.on('data', (bytes: Uint8Array) => {
      for (const item of reader.push(bytes)) if (item.kind === 'request') answer(connection, item);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  socket?.destroy();
  server.close();
});

function answer(connection: Socket, request: RtspRequest): void {
  asked.push(request);
  const reply = answers[request.method] ?? plain[request.method] ?? {};
  if (reply !== 'nothing') {
    const { statusCode = 200, headers = {}, ...content } = reply;
    // Four channels above those it was asked for.
    const transport = request.headers.transport?.replaceAll(/\d+/g, (channel) => String(Number(channel) + 4));
    connection.write(
      buildRtspResponse(statusCode, 'As told', {
        headers: { CSeq: request.headers.cseq ?? '', ...(transport && { Transport: transport }), ...headers },
        ...content,
      }),
    );
  }
  arrived.dispatchEvent(new Event(request.method));
}

const came = (method: string): Promise<unknown> => once(arrived, method);

interface Playing {
  readonly done: Promise<void>;
  readonly streams: RtspStream[];
  readonly packets: string[];
  stop(): void;
}

function play(): Playing {
  const stop = new AbortController();
  const streams: RtspStream[] = [];
  const packets: string[] = [];
  const note = (kind: string) => (stream: number, packet: Uint8Array) => {
    packets.push(`${kind} ${stream} ${packet.length}`);
    arrived.dispatchEvent(new Event(kind));
  };
  const done = playRtsp(parseRtspAddress(`rtsp://127.0.0.1:${(server.address() as AddressInfo).port}/cam?channel=1`), {
    clock,
    random: createRandom(clock),
    signal: stop.signal,
    receiverOf: (found) => {
      streams.push(...found);
      return { rtp: note('rtp'), rtcp: note('rtcp') };
    },
  });
  return { done, streams, packets, stop: () => stop.abort() };
}

test('picture and sound are set up and played, on the channels the camera names, and given back at the end', async () => {
  const playing = play();
  await came('PLAY');
  assert.deepEqual(
    playing.streams.map(({ kind, payloadType }) => [kind, payloadType]),
    [
      ['video', 96],
      ['audio', 8],
    ],
  );
  const base = asked[0]?.url ?? '';
  assert.deepEqual(
    asked.map(({ method, url, headers }) => [method, url.replace(base, ''), headers.session]),
    [
      ['OPTIONS', '', undefined],
      ['DESCRIBE', '', undefined],
      ['SETUP', '/picture', undefined],
      ['SETUP', '/sound', 'S1'],
      ['PLAY', '', 'S1'],
    ],
  );
  const control = came('rtcp');
  const [rtp, unknown, rtcp] = [Uint8Array.of(0x24, 4, 0, 2, 1, 2), Uint8Array.of(0x24, 9, 0, 1, 1), Uint8Array.of(0x24, 5, 0, 1, 1)];
  socket?.write(Buffer.concat([rtp, unknown, rtcp]));
  await control;
  assert.deepEqual(playing.packets, ['rtp 0 2', 'rtcp 0 1']);
  const given = came('TEARDOWN');
  playing.stop();
  await Promise.all([playing.done, given]);
});

/** Everything the camera sent so far was taken in. */
async function taken(): Promise<void> {
  const control = came('rtcp');
  socket?.write(Uint8Array.of(0x24, 5, 0, 1, 1));
  await control;
  await setImmediate();
}

test('a session is kept alive before it ends, and a camera that does not answer that is given up', async () => {
  const playing = play();
  await came('PLAY');
  await taken();
  for (const reply of [{}, 'nothing'] as const) {
    answers = { GET_PARAMETER: reply };
    const kept = came('GET_PARAMETER');
    await clock.advance(10_000);
    await kept;
    await taken();
  }
  const failed = assert.rejects(playing.done, { status: 'TIMEOUT' });
  await clock.advance(5_000);
  await failed;
});

test('a camera that answers nothing, ends the connection or talks something else is told from one that plays', async () => {
  answers = { DESCRIBE: 'nothing' };
  const silent = play();
  const timedOut = assert.rejects(silent.done, { status: 'TIMEOUT' });
  await came('DESCRIBE');
  await clock.advance(5_000);
  await timedOut;

  answers = {};
  const ending = play();
  await came('PLAY');
  socket?.end();
  await assert.rejects(ending.done, { status: 'GOING_AWAY' });

  const babbling = play();
  await came('PLAY');
  socket?.write('HTTP/1.1 400 Bad Request\r\n\r\n');
  await assert.rejects(babbling.done, { status: 'UNSPECIFIED', message: /does not speak RTSP/ });
});

test('what a camera cannot give is told in words', async () => {
  const refusals: readonly (readonly [Readonly<Record<string, Answer>>, string, RegExp])[] = [
    [{ DESCRIBE: { body: 'v=0\r\nm=video 0 RTP/AVP 26\r\n' } }, 'CODEC_UNSUPPORTED', /neither H.264 nor H.265/],
    [{ DESCRIBE: { body: 'no description' } }, 'UNSPECIFIED', /cannot be read/],
    [{ SETUP: { statusCode: 461 } }, 'UNSPECIFIED', /RTSP over TCP/],
    [{ SETUP: { headers: { Session: 'x'.repeat(300) } } }, 'UNSPECIFIED', /no session/],
    [{ PLAY: { statusCode: 503 } }, 'UNSPECIFIED', /PLAY with 503/],
    [{ DESCRIBE: { statusCode: 301, headers: { Location: 'rtsp://elsewhere/' } } }, 'UNSPECIFIED', /DESCRIBE with 301/],
  ];
  for (const [told, status, message] of refusals) {
    answers = told;
    await assert.rejects(play().done, { status, message });
  }
});
