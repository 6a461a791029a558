import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'hls-parser';
import { writeMasterPlaylist, writeMediaPlaylist } from './hls-playlist.ts';
import { MediaError } from './media-error.ts';

test('a live playlist names parts, the next part, the clock and how far the other rendition is', () => {
  const playlist = writeMediaPlaylist({
    targetDurationSec: 2,
    mediaSequence: 7,
    discontinuitySequence: 1,
    lowLatency: { partTargetSec: 0.25, partHoldBackSec: 0.75 },
    segments: [
      { uri: 'segment-7.m4s?token=t', mapUri: 'init-1.mp4?token=t', durationSec: 2, startAt: 1_767_225_600_000 },
      {
        mapUri: 'init-1.mp4?token=t',
        durationSec: 0.44,
        startAt: 1_767_225_602_000,
        parts: [
          { uri: 'part-8-0.m4s?token=t', durationSec: 0.24, independent: true },
          { uri: 'part-8-1.m4s?token=t', durationSec: 0.2 },
        ],
      },
    ],
    preloadHintUri: 'part-8-2.m4s?token=t',
    renditionReports: [{ uri: '../sub/index.m3u8', lastSequence: 8, lastPart: 1 }],
  });

  assert.equal(
    playlist,
    `#EXTM3U
#EXT-X-VERSION:6
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.7500
#EXT-X-PART-INF:PART-TARGET=0.2500
#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-DISCONTINUITY-SEQUENCE:1
#EXT-X-MAP:URI="init-1.mp4?token=t"
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z
#EXTINF:2.0000,
segment-7.m4s?token=t
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:02.000Z
#EXT-X-PART:DURATION=0.2400,URI="part-8-0.m4s?token=t",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.2000,URI="part-8-1.m4s?token=t"
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="part-8-2.m4s?token=t"
#EXT-X-RENDITION-REPORT:URI="../sub/index.m3u8",LAST-MSN=8,LAST-PART=1
`,
  );
  const parsed = parse(playlist);
  assert.ok('segments' in parsed);
  assert.equal(parsed.segments[1]?.parts.length, 3, 'two parts and the hint');
});

test('a recorded playlist has an end, a discontinuity at a gap and the target of its longest segment', () => {
  const playlist = writeMediaPlaylist({
    type: 'VOD',
    ended: true,
    independentSegments: true,
    segments: [
      { uri: 'a.m4s', mapUri: 'a.mp4', durationSec: 3.6, startAt: 0 },
      { uri: 'b.m4s', mapUri: 'b.mp4', durationSec: 10.04, startAt: 60_000, discontinuity: true },
    ],
  });

  assert.equal(
    playlist,
    `#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-TARGETDURATION:10
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-MAP:URI="a.mp4"
#EXT-X-PROGRAM-DATE-TIME:1970-01-01T00:00:00.000Z
#EXTINF:3.6000,
a.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="b.mp4"
#EXT-X-PROGRAM-DATE-TIME:1970-01-01T00:01:00.000Z
#EXTINF:10.0400,
b.m4s
#EXT-X-ENDLIST
`,
  );
  const parsed = parse(playlist);
  assert.ok('segments' in parsed);
  assert.deepEqual(
    parsed.segments.map(({ duration, discontinuity, map }) => [duration, discontinuity, map?.uri]),
    [
      [3.6, undefined, 'a.mp4'],
      [10.04, true, 'b.mp4'],
    ],
  );
});

test('a multivariant playlist says what each rendition costs and needs', () => {
  const playlist = writeMasterPlaylist({
    variants: [
      {
        uri: 'main/index.m3u8',
        bandwidthBps: 2_000_000.5,
        codecs: 'avc1.64001f,mp4a.40.2',
        width: 1280,
        height: 720,
        frameRate: 25,
      },
      { uri: 'sub/index.m3u8', bandwidthBps: 300_000 },
    ],
  });

  assert.equal(
    playlist,
    `#EXTM3U
#EXT-X-VERSION:6
#EXT-X-STREAM-INF:BANDWIDTH=2000001,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=25.000
main/index.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=300000
sub/index.m3u8
`,
  );
  const parsed = parse(playlist);
  assert.ok('variants' in parsed);
  assert.deepEqual(parsed.variants[0]?.resolution, { width: 1280, height: 720 });
});

test('an address that would break out of its line is refused', () => {
  for (const uri of ['a"b', 'a\n#EXT-X-ENDLIST', '#EXTM3U', '']) {
    assert.throws(
      () => writeMediaPlaylist({ segments: [{ uri, durationSec: 1 }] }),
      (error) => error instanceof MediaError && error.code === 'INVALID_REQUEST',
    );
  }
});
