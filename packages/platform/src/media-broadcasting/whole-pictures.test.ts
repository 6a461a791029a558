import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '@cardea/core';
import { type AccessUnit, parseFragment, parseInitSegment, type Track, type VideoTrack } from '@cardea/media';
import fc from 'fast-check';
import { FanOut } from './fan-out.ts';
import { HlsStream } from './hls/hls-stream.ts';
import { hlsWantedOf } from './hls/hls-wanted.ts';
import { LiveStream, type Publisher } from './live-stream.ts';
import { FakeSocket } from './testing/fake-socket.ts';
import { plainTrack } from './testing/media.ts';
import { webSocketFmp4 } from './websocket/websocket-fmp4.ts';

/** What happens to a stream, in any order. */
type Happening =
  | { readonly kind: 'publisher'; readonly form: number }
  | { readonly kind: 'change'; readonly form: number }
  | { readonly kind: 'lost' }
  | { readonly kind: 'pictures'; readonly count: number; readonly keyframe: boolean }
  /** Pictures of 40 ms by which the clock of the camera is set. */
  | { readonly kind: 'clock'; readonly pictures: number }
  | { readonly kind: 'viewer'; readonly latency: 'low' | 'relaxed' }
  | { readonly kind: 'leave' }
  | { readonly kind: 'hls' }
  | { readonly kind: 'wait'; readonly ms: number };

const form = fc.nat({ max: 2 });
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('publisher'), form }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('change'), form }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lost') }) },
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('pictures'),
      count: fc.integer({ min: 1, max: 100 }),
      keyframe: fc.constantFrom(true, false, false),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('clock'), pictures: fc.integer({ min: -300, max: 300 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('viewer'), latency: fc.constantFrom('low', 'relaxed') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave') }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('hls') }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('wait'), ms: fc.integer({ min: 1, max: 600 }) }) },
);

/** A picture as it came out: of which form and group it is and which one of that, and the form its head announced. */
interface Seen {
  readonly announced: number;
  readonly form: number;
  readonly group: number;
  readonly index: number;
  /** The first one behind a head. */
  readonly isFirst: boolean;
}

/** Tracks of three resolutions; the form stands in the parameter sets, too. */
const trackOf = (number: number): VideoTrack => ({
  ...plainTrack,
  width: 320 << number,
  config: Uint8Array.of(1, 0x42, 0xc0, 0x1e + number, 0xff, 0xe1, 0, 0, 1, 0, 0),
});
const formOf = (tracks: readonly Track[]): number => {
  const [track] = tracks;
  return track?.kind === 'video' ? Math.log2(track.width / 320) : Number.NaN;
};

/** What one reader got, in its order. */
class Sight {
  readonly seen: Seen[] = [];
  private tracks: readonly Track[] = [];
  private isFirst = true;
  private isWaiting: boolean;

  /** @param waits it begins amid a stream, at the first key frame */
  constructor({ waits }: { readonly waits: boolean }) {
    this.isWaiting = waits;
  }

  take(bytes: Uint8Array): void {
    if (Buffer.from(bytes).toString('latin1', 4, 8) === 'ftyp') {
      this.tracks = parseInitSegment(bytes);
      this.isFirst = true;
      return;
    }
    assert.ok(this.tracks.length > 0, 'pictures came before any head');
    for (const { data } of parseFragment(bytes, this.tracks)) {
      const [of = 0, group = 0, index = 0] = new Uint16Array(Uint8Array.from(data).buffer);
      if (this.isWaiting && index > 0) continue;
      this.isWaiting = false;
      this.seen.push({ announced: formOf(this.tracks), form: of, group, index, isFirst: this.isFirst });
      this.isFirst = false;
    }
  }

  /** No picture is shown twice, without its own head, or without the pictures it is made from. */
  assertWhole(who: string): void {
    for (const [at, { announced, form: of, group, index, isFirst }] of this.seen.entries()) {
      assert.equal(announced, of, `${who}: picture ${at} came behind the head of another form`);
      const last = this.seen[at - 1];
      if (index === 0) {
        assert.ok(group > (last?.group ?? 0), `${who}: picture ${at} came again`);
        continue;
      }
      const before = isFirst ? undefined : last;
      assert.deepEqual([before?.group, before?.index], [group, index - 1], `${who}: picture ${at} misses the one before it`);
    }
  }
}

/** A camera, whoever publishes for it. */
class Source {
  readonly clock = new VirtualClock();
  readonly stream = new LiveStream({ onPublishing: () => {}, onEnded: () => {}, onSinkFailed: (error) => assert.fail(String(error)) });
  private publisher: Publisher = { stop: () => {} };
  private form = 0;
  private group = 0;
  private index = 0;
  private dts = 0;

  publish(of: number): void {
    this.publisher = { stop: () => {} };
    this.dts = 0;
    this.stream.open(this.publisher);
    this.change(of);
  }

  change(of: number): void {
    this.form = of;
    this.stream.begin(this.publisher, [trackOf(of)]);
    this.group += 1;
    this.index = 0;
  }

  lose(): void {
    this.stream.close(this.publisher, 'lost');
  }

  setClock(pictures: number): void {
    this.dts = Math.max(0, this.dts + 40 * pictures);
  }

  /** One picture after the other; the first of a publisher or of a form is a key frame. */
  take(keyframe: boolean): void {
    if (keyframe && this.index > 0) {
      this.group += 1;
      this.index = 0;
    }
    const data = new Uint8Array(Uint16Array.of(this.form, this.group, this.index).buffer);
    const unit: AccessUnit = { trackId: 1, dts: this.dts, pts: this.dts, duration: 40, keyframe: this.index === 0, data };
    this.index += 1;
    this.dts += 40;
    this.stream.write(this.publisher, [unit]);
  }
}

/** Reads everything a playlist lists, as a player does that begins now. */
function readHls(hls: HlsStream): Sight {
  const sight = new Sight({ waits: true });
  const get = (name: string): Buffer => {
    const wanted = hlsWantedOf(name, { sequence: undefined, part: undefined });
    const answer = wanted && hls.find(wanted, 'token');
    return Buffer.concat((answer?.pieces ?? []).map((piece) => Buffer.from(piece)));
  };
  const text = get('index.m3u8').toString();
  const named = [...text.matchAll(/^(?:#EXT-X-MAP:URI="|#EXT-X-PART:.*URI=")?((?:init|segment|part)-[\d-]+\.m(?:p4|4s))/gm)].map(
    ([, name = '']) => name,
  );
  const whole = new Set(named.flatMap((name) => /^segment-(\d+)/.exec(name)?.[1] ?? []));
  for (const name of named) {
    const [, sequence = ''] = /^part-(\d+)/.exec(name) ?? [];
    if (!whole.has(sequence)) sight.take(get(name));
  }
  return sight;
}

/** What those see who watch while all this happens. */
async function watchAll(happenings: readonly Happening[]): Promise<void> {
  const source = new Source();
  const { clock, stream } = source;
  const counters = { bytesIn: 0, bytesOut: 0, skips: 0, tooSlow: 0 };
  const outputs = {
    low: new FanOut({ format: webSocketFmp4, stream, clock, counters }),
    relaxed: new FanOut({ format: webSocketFmp4, stream, latency: 'relaxed', clock, counters }),
  };
  const hls = new HlsStream({ feed: stream, clock });
  const sockets: FakeSocket[] = [];
  const viewers: Disposable[] = [];
  const readers: Disposable[] = [];
  source.publish(0);
  for (const next of happenings) {
    if (next.kind === 'publisher') source.publish(next.form);
    if (next.kind === 'change') source.change(next.form);
    if (next.kind === 'lost') source.lose();
    if (next.kind === 'clock') source.setClock(next.pictures);
    if (next.kind === 'wait') await clock.advance(next.ms);
    if (next.kind === 'leave') (viewers.shift() ?? readers.shift())?.[Symbol.dispose]();
    if (next.kind === 'viewer') {
      const socket = new FakeSocket();
      sockets.push(socket);
      viewers.push(outputs[next.latency].join({ socket, onTooSlow: () => assert.fail('nobody is slow') }));
    }
    if (next.kind === 'hls') {
      if (readers.length === 0) readers.push(hls.join());
      readHls(hls).assertWhole('hls');
    }
    for (let count = 0; next.kind === 'pictures' && count < next.count; count += 1) source.take(next.keyframe && count === 0);
  }
  await clock.advance(1_000);
  for (const { messages } of sockets) {
    const sight = new Sight({ waits: false });
    for (const message of messages) if (typeof message !== 'string') sight.take(message);
    sight.assertWhole('ws');
  }
  if (readers.length > 0) readHls(hls).assertWhole('hls');
}

test('whoever joins whenever, and whatever the camera does, sees no picture without those it is made from', async () => {
  await fc.assert(fc.asyncProperty(fc.array(happening, { maxLength: 40 }), watchAll), { numRuns: 300 });
});
