import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { bytesOf, hexOf } from '../box-bytes.test.ts';
import type { AmfValue } from '../flv/amf0.ts';
import type { FlvTag } from '../flv/flv-tag.ts';
import { MediaError } from '../media-error.ts';
import { ChunkReader } from './chunk-reader.ts';
import { writeChunks } from './chunk-writer.ts';
import { parseRtmpCommand, type RtmpMessage, rtmpCommand, rtmpControl, rtmpType } from './rtmp-message.ts';
import { RtmpPublishSession, type RtmpPublishWish } from './rtmp-publish-session.ts';

const hmac = (key: Uint8Array, data: Uint8Array): Uint8Array => createHmac('sha256', key).update(data).digest();
const randomBytes = (length: number): Uint8Array => new Uint8Array(length).fill(0x5a);

/** A session, and what a client would see of it. */
function createSession() {
  const sent: Uint8Array[] = [];
  const wishes: RtmpPublishWish[] = [];
  const media: FlvTag[] = [];
  let unpublished = 0;
  const session = new RtmpPublishSession({
    hmac,
    randomBytes,
    send: (bytes) => sent.push(bytes),
    onPublish: (wish) => wishes.push(wish),
    onMedia: (tag) => media.push(tag),
    onUnpublish: () => {
      unpublished += 1;
    },
  });
  const messages: RtmpMessage[] = [];
  const reader = new ChunkReader((message) => messages.push(message));
  let taken = 0;
  return {
    session,
    wishes,
    media,
    sent,
    unpublishedTimes: () => unpublished,
    shakeHands() {
      session.push(Uint8Array.of(3, ...new Uint8Array(1_536), ...new Uint8Array(1_536)));
      taken = sent.length;
    },
    call(name: string, transactionId: number, ...values: readonly AmfValue[]) {
      session.push(writeChunks(rtmpCommand({ name, transactionId, values }), { chunkStreamId: 3, chunkSizeBytes: 128 }));
    },
    send(message: Partial<RtmpMessage>) {
      const whole = { type: 9, streamId: 1, timestampMs: 0, data: bytesOf('1700'), ...message };
      session.push(writeChunks(whole, { chunkStreamId: 4, chunkSizeBytes: 128 }));
    },
    /** Names of commands and numbers of other messages that came since the last look. */
    answers() {
      for (const bytes of sent.slice(taken)) reader.push(bytes);
      taken = sent.length;
      return messages.splice(0).map((message) => (message.type === rtmpType.command ? parseRtmpCommand(message) : message.type));
    },
  };
}

const names = (answers: ReturnType<ReturnType<typeof createSession>['answers']>) =>
  answers.map((answer) => (typeof answer === 'number' ? answer : answer.name));
const statusOf = (answers: ReturnType<ReturnType<typeof createSession>['answers']>) => {
  const status = answers.find((answer) => typeof answer !== 'number' && answer.name === 'onStatus');
  return typeof status === 'object' ? status.values[1] : undefined;
};

test('the simple handshake answers with zeros as version and gives the hello back', () => {
  const { session, sent } = createSession();
  const hello = new Uint8Array(1_536).fill(7);
  session.push(Uint8Array.of(3, ...hello.subarray(0, 100)));
  assert.equal(sent.length, 0);
  session.push(hello.subarray(100));
  const answer = sent[0] ?? bytesOf('');
  assert.equal(answer.length, 1 + 2 * 1_536);
  assert.equal(hexOf(answer.subarray(0, 13)), '03' + '0000000000000000' + '5a5a5a5a');
  assert.equal(hexOf(answer.subarray(1 + 1_536)), hexOf(hello));
});

test('a client that signs its hello gets signed answers', () => {
  for (const scheme of [8, 772]) {
    const { session, sent } = createSession();
    const hello = new Uint8Array(1_536).fill(1);
    const place = (packet: Uint8Array): number =>
      scheme + 4 + (packet.subarray(scheme, scheme + 4).reduce((sum, byte) => sum + byte, 0) % 728);
    const digest = (packet: Uint8Array, key: string) =>
      hmac(Buffer.from(key), Buffer.concat([packet.subarray(0, place(packet)), packet.subarray(place(packet) + 32)]));
    const own = digest(hello, 'Genuine Adobe Flash Player 001');
    hello.set(own, place(hello));
    session.push(Uint8Array.of(3, ...hello));
    const answer = sent[0] ?? bytesOf('');
    const theirs = answer.subarray(1, 1 + 1_536);
    const signed = theirs.subarray(place(theirs), place(theirs) + 32);
    assert.equal(hexOf(signed), hexOf(digest(theirs, 'Genuine Adobe Flash Media Server 001')));
    assert.notEqual(hexOf(theirs.subarray(4, 8)), '00000000');
  }
});

test('an encoder that behaves like OBS connects, publishes, and ends', () => {
  const client = createSession();
  client.shakeHands();
  client.session.push(writeChunks(rtmpControl(rtmpType.setChunkSize, 128), { chunkStreamId: 2, chunkSizeBytes: 128 }));
  client.call('connect', 1, { app: 'vm', type: 'nonprivate', flashVer: 'FMLE/3.0', tcUrl: 'rtmp://h/vm' });
  const connected = client.answers();
  assert.deepEqual(names(connected), [rtmpType.windowSize, rtmpType.peerBandwidth, '_result']);
  client.call('releaseStream', 2, null, 'KEY?token=T');
  client.call('FCPublish', 3, null, 'KEY?token=T');
  client.call('createStream', 4, null);
  const created = client.answers();
  assert.deepEqual(names(created), ['_result', '_result', 'onFCPublish', '_result']);
  assert.deepEqual(created.at(-1), { name: '_result', transactionId: 4, values: [null, 1] });
  client.call('publish', 5, null, 'KEY?token=T', 'live');
  assert.deepEqual(client.wishes, [{ app: 'vm', streamKey: 'KEY?token=T' }]);
  client.send({ type: 9 });
  client.session.accept();
  assert.deepEqual(statusOf(client.answers()), { level: 'status', code: 'NetStream.Publish.Start', description: 'publishing' });
  client.send({ type: 18, data: bytesOf('02000d40736574446174614672616d65') });
  client.send({ type: 8, timestampMs: 21, data: bytesOf('af01') });
  assert.deepEqual(
    client.media.map(({ type, timestampMs }) => [type, timestampMs]),
    [
      [18, 0],
      [8, 21],
    ],
  );
  client.call('FCUnpublish', 6, null, 'KEY?token=T');
  client.call('deleteStream', 7, null, 1);
  assert.equal(client.unpublishedTimes(), 1);
  client.send({ type: 8 });
  assert.equal(client.media.length, 2);
});

test('an encoder that puts the query into the address alone still shows it', () => {
  const client = createSession();
  client.shakeHands();
  client.call('connect', 1, { app: 'vm', tcUrl: 'rtmp://h/vm?token=T' });
  client.call('publish', 5, null, 'KEY', 'live');
  assert.deepEqual(client.wishes, [{ app: 'vm?token=T', streamKey: 'KEY' }]);
});

test('a publisher that is refused is told why, and nothing of it counts', () => {
  const client = createSession();
  client.shakeHands();
  client.call('connect', 1, { app: 'vm', tcUrl: 'rtmp://h/vm' });
  client.call('publish', 5, null, 'KEY', 'live');
  client.answers();
  client.session.refuse('NetStream.Publish.BadName', 'no such session');
  assert.deepEqual(statusOf(client.answers()), { level: 'error', code: 'NetStream.Publish.BadName', description: 'no such session' });
  client.send({ type: 9 });
  assert.deepEqual(client.media, []);
});

test('whoever wants to play is refused', () => {
  const client = createSession();
  client.shakeHands();
  client.call('connect', 1, { app: 'vm', tcUrl: 'rtmp://h/vm' });
  client.call('play', 0, null, 'KEY');
  assert.equal(Object(statusOf(client.answers())).code, 'NetStream.Publish.Denied');
});

test('received bytes are acknowledged each window, pings are answered, unknown calls get an error', () => {
  const client = createSession();
  client.shakeHands();
  client.call('connect', 1, { app: 'vm', tcUrl: 'rtmp://h/vm' });
  client.answers();
  client.send({ type: rtmpType.windowSize, streamId: 0, data: bytesOf('00002000') });
  client.send({ type: 4, streamId: 0, data: bytesOf('0006 00000009') });
  client.call('_checkbw', 8, null);
  client.call('getStreamLength', 9, null);
  client.send({ data: new Uint8Array(9_000) });
  const answers = client.answers();
  assert.deepEqual(names(answers), [4, '_error', rtmpType.acknowledgement]);
});

test('another protocol, a publish out of turn and a command without a name are refused', () => {
  assert.throws(() => createSession().session.push(Buffer.from('GET / HTTP/1.1\r\n\r\n')), MediaError);
  const early = createSession();
  early.shakeHands();
  assert.throws(() => early.call('publish', 5, null, 'KEY', 'live'), MediaError);
  const nameless = createSession();
  nameless.shakeHands();
  assert.throws(() => nameless.send({ type: rtmpType.command, data: bytesOf('05') }), MediaError);
});
