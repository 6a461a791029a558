import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AudioTrack, Track, VideoTrack } from './access-unit.ts';
import { mimeTypeOf } from './access-unit.ts';
import { bytesOf as bytes, hexOf as hex } from './box-bytes.test.ts';
import { parseInitSegment } from './fmp4-reader.ts';
import { writeInitSegment } from './init-segment-writer.ts';
import { MediaError } from './media-error.ts';

const avcC = bytes('01 4d400d ff e1 0018 674d400deca0a0fd80880000030008000003019078a14cb0 01 0004 68ce0fc8');
const hvcC = bytes('01 01 60000000 900000000000 3c f000 fc fd f8 f8 0000 0f 00');
const av1C = bytes('81 08 0c 00');
const video: VideoTrack = {
  kind: 'video',
  id: 1,
  timescale: 90_000,
  codec: 'h264',
  codecString: 'avc1.4d400d',
  config: avcC,
  width: 320,
  height: 240,
};
const audio: AudioTrack = {
  kind: 'audio',
  id: 2,
  timescale: 48_000,
  codec: 'aac',
  codecString: 'mp4a.40.2',
  config: bytes('1188'),
  sampleRate: 48_000,
  channels: 1,
};

test('an init segment begins with the file type iso6', () => {
  const init = writeInitSegment([video]);
  assert.equal(hex(init.subarray(0, 28)), '0000001c66747970' + '69736f3600000000' + '69736f36636d66636d703431');
});

test('the movie header has a timescale of 1000 and names the next free track', () => {
  const init = writeInitSegment([video, audio]);
  const expected = [
    '0000006c6d766864',
    '00000000',
    '0000000000000000',
    '000003e8',
    '00000000',
    '00010000',
    '0100',
    '00000000000000000000',
    '000100000000000000000000',
    '000000000001000000000000',
    '000000000000000040000000',
    '000000000000000000000000000000000000000000000000',
    '00000003',
  ];
  assert.equal(hex(init.subarray(36, 36 + 108)), expected.join(''));
});

test('an H.264 track carries its avcC record in an avc1 entry', () => {
  const expected = [
    '0000008561766331',
    '000000000000',
    '0001',
    '00000000000000000000000000000000',
    '014000f0',
    '0048000000480000',
    '00000000',
    '0001',
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0018ffff',
    '0000002f61766343',
    hex(avcC),
  ];
  assert.ok(hex(writeInitSegment([video])).includes(expected.join('')));
});

test('an AAC track carries its AudioSpecificConfig in the descriptors of esds', () => {
  const expected = [
    '000000576d703461',
    '000000000000',
    '0001',
    '0000000000000000',
    '00010010',
    '00000000',
    'bb800000',
    '0000003365736473',
    '00000000',
    '0380808022',
    '000000',
    '0480808014',
    '4015000000',
    '0000000000000000',
    '0580808002',
    '1188',
    '0680808001',
    '02',
  ];
  assert.ok(hex(writeInitSegment([audio])).includes(expected.join('')));
});

test('every codec comes back from an init segment as it went in', () => {
  const tracks: readonly Track[] = [
    video,
    { ...video, id: 2, codecString: 'avc3.4d400d' },
    { ...video, id: 3, codec: 'h265', codecString: 'hvc1.1.6.L60.90', config: hvcC },
    { ...video, id: 4, codec: 'h265', codecString: 'hev1.1.6.L60.90', config: hvcC },
    { ...video, id: 5, codec: 'av1', codecString: 'av01.0.08M.08', config: av1C },
    { ...audio, id: 6 },
    { ...audio, id: 7, codec: 'opus', codecString: 'opus', config: bytes('00 01 0138 0000bb80 0000 00') },
    { ...audio, id: 8, timescale: 8000, codec: 'g711a', codecString: 'alaw', config: new Uint8Array(), sampleRate: 8000 },
    { ...audio, id: 9, timescale: 8000, codec: 'g711u', codecString: 'ulaw', config: new Uint8Array(), sampleRate: 8000 },
  ];
  assert.deepEqual(parseInitSegment(writeInitSegment(tracks)), tracks);
});

test('an AAC configuration of more than 127 bytes survives', () => {
  const config = Uint8Array.from({ length: 300 }, (_, index) => (index === 0 ? 0x11 : index === 1 ? 0x88 : index & 0xff));
  const [track] = parseInitSegment(writeInitSegment([{ ...audio, config }]));
  assert.deepEqual(track?.config, config);
});

test('a codec string that does not belong to its codec is refused', () => {
  const wrong = { ...video, codecString: 'hvc1.1.6.L60.90' };
  assert.throws(
    () => writeInitSegment([wrong]),
    (error) => error instanceof MediaError && error.code === 'INVALID_REQUEST',
  );
});

test('the MIME type lists the codecs of all tracks', () => {
  assert.equal(mimeTypeOf([video, audio]), 'video/mp4; codecs="avc1.4d400d,mp4a.40.2"');
  assert.equal(mimeTypeOf([audio]), 'audio/mp4; codecs="mp4a.40.2"');
});
