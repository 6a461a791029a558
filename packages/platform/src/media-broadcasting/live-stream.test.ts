import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AccessUnit, Track } from '@cardea/media';
import { LiveStream, type MediaBatch, type Publisher } from './live-stream.ts';
import { picture, plainTrack } from './testing/media.ts';

function createStream() {
  const log: string[] = [];
  const stream = new LiveStream({
    onPublishing: () => log.push('publishing'),
    onEnded: (reason) => log.push(reason),
    onSinkFailed: () => {},
  });
  return { stream, log };
}

function createPublisher(): Publisher & { readonly stops: string[] } {
  const stops: string[] = [];
  return { stops, stop: (reason) => void stops.push(reason) };
}

function publish(stream: LiveStream, units: readonly AccessUnit[]): Publisher {
  const publisher = createPublisher();
  stream.open(publisher);
  stream.begin(publisher, [plainTrack]);
  for (const unit of units) stream.write(publisher, [unit]);
  return publisher;
}

class Recorder {
  readonly tracks: (readonly Track[])[] = [];
  readonly batches: MediaBatch[] = [];
  onTracks(tracks: readonly Track[]): void {
    this.tracks.push(tracks);
  }
  onBatch(batch: MediaBatch): void {
    this.batches.push(batch);
  }
}

const pictures = (from: number, to: number, options?: Parameters<typeof picture>[1]) =>
  Array.from({ length: to - from }, (_, step) => picture(from + step, options));

test('pictures before the first key frame are shown to nobody', () => {
  const { stream } = createStream();
  const sink = new Recorder();
  stream.attach(sink);
  publish(stream, pictures(20, 27));
  assert.deepEqual(
    sink.batches.map(({ units, startsWithKeyframe }) => [units[0]?.dts, startsWithKeyframe]),
    [
      [0, true],
      [40, false],
    ],
  );
});

test('the pictures since the last key frame are kept for those who come later', () => {
  const { stream } = createStream();
  publish(stream, pictures(0, 30));
  assert.deepEqual(
    stream.gop.map(({ dts }) => dts),
    [1_000, 1_040, 1_080, 1_120, 1_160],
  );
});

test('a key frame amid a fragment begins a batch of its own', () => {
  const { stream } = createStream();
  const sink = new Recorder();
  stream.attach(sink);
  const publisher = publish(stream, []);
  stream.write(publisher, pictures(0, 2));
  stream.write(publisher, pictures(24, 27));
  assert.deepEqual(
    sink.batches.map(({ units, startsWithKeyframe }) => [units.length, startsWithKeyframe]),
    [
      [2, true],
      [1, false],
      [2, true],
    ],
  );
});

test('a group of pictures beyond 8 MiB is forgotten until the next key frame', () => {
  const { stream } = createStream();
  const publisher = publish(stream, pictures(0, 10, { sizeBytes: 1024 * 1024 }));
  assert.equal(stream.gop.length, 0);
  stream.write(publisher, pictures(25, 27));
  assert.equal(stream.gop.length, 2);
});

test('a group of pictures longer than 10 s is forgotten', () => {
  const { stream } = createStream();
  const publisher = publish(stream, pictures(0, 251, { gop: 1_000 }));
  assert.equal(stream.gop.length, 251);
  stream.write(publisher, [picture(251, { gop: 1_000 })]);
  assert.equal(stream.gop.length, 0);
});

test('the newest publisher replaces the one before, whose late pictures count for nothing', () => {
  const { stream, log } = createStream();
  const older = createPublisher();
  stream.open(older);
  stream.begin(older, [plainTrack]);
  publish(stream, pictures(0, 3));
  stream.write(older, pictures(3, 5));
  stream.close(older, 'lost');
  assert.deepEqual(older.stops, ['replaced']);
  assert.equal(stream.gop.length, 3);
  assert.equal(stream.publishing, true);
  assert.deepEqual(log, ['publishing', 'publishing']);
});

test('when the publisher leaves, the reason is told and nothing is kept', () => {
  const { stream, log } = createStream();
  const publisher = publish(stream, pictures(0, 3));
  stream.close(publisher, 'privacy');
  assert.equal(stream.publishing, false);
  assert.equal(stream.gop.length, 0);
  assert.deepEqual(log, ['publishing', 'privacy']);
});

test('a way to watch that fails is dropped, and neither the camera nor anybody else notices', () => {
  const failures: unknown[] = [];
  const stream = new LiveStream({ onPublishing: () => {}, onEnded: () => {}, onSinkFailed: (error) => failures.push(error) });
  const healthy = new Recorder();
  const broken = new Recorder();
  let dropped = 0;
  const failure = new Error('a muxer failed');
  stream.attach({
    onTracks: (tracks) => broken.onTracks(tracks),
    onBatch: (batch) => {
      broken.onBatch(batch);
      throw failure;
    },
    onDropped: () => {
      dropped += 1;
    },
  });
  stream.attach(healthy);
  publish(stream, pictures(0, 5));
  assert.equal(healthy.batches.length, 5);
  assert.deepEqual([broken.batches.length, failures, dropped], [1, [failure], 1]);

  const attachBroken = (): Disposable =>
    stream.attach({
      onTracks: () => {
        throw failure;
      },
      onBatch: () => {},
    });
  assert.throws(attachBroken, failure);
  assert.equal(failures.length, 1);
});
