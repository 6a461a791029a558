import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aacTrack } from './aac.ts';
import { bytesOf } from './box-bytes.test.ts';
import { h264Track } from './h264.ts';
import { MediaError } from './media-error.ts';
import { rtpFormatOf } from './rtp/rtp-format.ts';
import { attributeOf, buildSdp, formatOf, parseSdp } from './sdp.ts';

const video = h264Track(1, 90_000, bytesOf('014d400dffe10018674d400deca0a0fd80880000030008000003019078a14cb001000468ce0fc8'));
const audio = aacTrack(2, 48_000, bytesOf('1190'));

const description = [
  'v=0',
  'o=- 0 0 IN IP4 0.0.0.0',
  's=Front door',
  'c=IN IP4 0.0.0.0',
  't=0 0',
  'a=control:*',
  'm=video 0 RTP/AVP 96',
  'a=rtpmap:96 H264/90000',
  'a=fmtp:96 packetization-mode=1;profile-level-id=4d400d;sprop-parameter-sets=Z01ADeygoP2AiAAAAwAIAAADAZB4oUyw,aM4PyA==',
  'a=control:track1',
  'a=sendonly',
  'm=audio 0 RTP/AVP 97',
  'a=rtpmap:97 MPEG4-GENERIC/48000/2',
  'a=fmtp:97 profile-level-id=1;streamtype=5;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;config=1190',
  '',
].join('\r\n');

test('H.264 and AAC are described with all a decoder needs', () => {
  const control = { name: 'control', value: 'track1' };
  const streams = [
    { kind: 'video', payloadType: 96, format: rtpFormatOf(video), attributes: [control, { name: 'sendonly', value: '' }] },
    { kind: 'audio', payloadType: 97, format: rtpFormatOf(audio), attributes: [] },
  ] as const;
  assert.equal(buildSdp('Front door', [{ name: 'control', value: '*' }], streams), description);
});

test('a description is read back, base64 with its padding', () => {
  const { attributes, media } = parseSdp(description);
  assert.equal(attributeOf(attributes, 'control'), '*');
  const [picture, sound] = media;
  assert.ok(picture && sound);
  assert.deepEqual([picture.kind, picture.port, picture.protocol, picture.payloadTypes], ['video', 0, 'RTP/AVP', ['96']]);
  assert.equal(attributeOf(picture.attributes, 'sendonly'), '');
  assert.deepEqual(formatOf(picture, '96'), rtpFormatOf(video));
  assert.deepEqual(formatOf(sound, '97'), rtpFormatOf(audio));
  assert.equal(formatOf(sound, '98'), undefined);
});

test('what is no description, or larger than allowed, is refused', () => {
  for (const text of [
    '',
    'm=video 0 RTP/AVP 96',
    'v=0\r\nm=video',
    `v=0\r\n${'a=x\r\n'.repeat(1_025)}`,
    `v=0\r\n${'m=a 0 b\r\n'.repeat(33)}`,
  ]) {
    assert.throws(() => parseSdp(text), MediaError, text.slice(0, 20));
  }
});
