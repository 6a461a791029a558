import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hexOf } from '../bytes.ts';
import { formatOf, parseSdp } from '../sdp.ts';
import { createDepacketiser, type RtpSource } from './rtp-depacketiser.ts';
import { rtpSourceOf } from './rtp-source.ts';

/** What a camera describes in the lines of one section, read as it is read from the camera. */
function sourceOf(section: string, ...lines: readonly string[]): RtpSource | undefined {
  const { media } = parseSdp(['v=0', `m=${section}`, ...lines.map((line) => `a=${line}`), ''].join('\r\n'));
  const [first] = media;
  const format = first && formatOf(first, first.payloadTypes[0] ?? '');
  return format && rtpSourceOf(format, 7);
}

test('the size of an H.264 stream is known from its description', () => {
  const source = sourceOf(
    'video 0 RTP/AVP 96',
    'rtpmap:96 H264/90000',
    'fmtp:96 packetization-mode=1;profile-level-id=4D400D;sprop-parameter-sets=Z01ADeygoP2AiAAAAwAIAAADAZB4oUyw,aM4PyA==',
  );
  assert.ok(source !== undefined);
  const { track } = createDepacketiser(source);
  assert.ok(track?.kind === 'video');
  assert.deepEqual([track.id, track.codecString, track.width, track.height], [7, 'avc1.4d400d', 320, 240]);
});

test('an H.265 stream is read, unless its packets carry an order of their own', () => {
  const source = sourceOf('video 0 RTP/AVP 97', 'rtpmap:97 H265/90000');
  assert.ok(source !== undefined && 'codec' in source);
  assert.equal(source.codec, 'h265');
  assert.equal(sourceOf('video 0 RTP/AVP 97', 'rtpmap:97 H265/90000', 'fmtp:97 sprop-max-don-diff=2'), undefined);
});

test('AAC and both laws of G.711, which need no map, are read', () => {
  const aac = sourceOf(
    'audio 0 RTP/AVP 97',
    'rtpmap:97 mpeg4-generic/16000/1',
    'fmtp:97 streamtype=5;mode=AAC-hbr;config=1408;SizeLength=13;IndexLength=3;IndexDeltaLength=3',
  );
  assert.ok(aac !== undefined && 'track' in aac);
  const { codec, sampleRate, channels, timescale, config } = aac.track;
  assert.deepEqual([codec, sampleRate, channels, timescale, hexOf(config)], ['aac', 16_000, 1, 16_000, '1408']);
  for (const [payloadType, law] of [
    [0, 'g711u'],
    [8, 'g711a'],
  ]) {
    const source = sourceOf(`audio 0 RTP/AVP ${payloadType}`);
    assert.ok(source !== undefined && 'track' in source);
    assert.deepEqual([source.track.codec, source.track.sampleRate, source.track.channels], [law, 8_000, 1]);
  }
});

test('what nothing here reads is left out: other codecs, other forms of AAC, a clock that stands', () => {
  assert.equal(sourceOf('video 0 RTP/AVP 26', 'rtpmap:26 JPEG/90000'), undefined);
  assert.equal(sourceOf('audio 0 RTP/AVP 97', 'rtpmap:97 MP4A-LATM/16000'), undefined);
  assert.equal(sourceOf('audio 0 RTP/AVP 97', 'rtpmap:97 mpeg4-generic/16000', 'fmtp:97 mode=AAC-lbr;config=1408'), undefined);
  assert.equal(sourceOf('audio 0 RTP/AVP 8', 'rtpmap:8 PCMA/0'), undefined);
});

test('parameter sets that are no base64 are waited for in the stream', () => {
  const source = sourceOf('video 0 RTP/AVP 96', 'rtpmap:96 H264/90000', 'fmtp:96 sprop-parameter-sets=!,');
  assert.deepEqual(source, { codec: 'h264', trackId: 7, parameterSets: [] });
});
