import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { createRandom, type Link, type LinkHandlers, silentLogger, VirtualClock } from '@cardea/core';
import { createSimulatedCamera } from '../sources/simulated.ts';
import { StreamReader } from '../stream-reader.ts';
import { PushConnection } from './push-connection.ts';

/** A network one can slow down: what was sent stays in the buffer while it is stuck. */
class SlowLink implements Link {
  bufferedBytes = 0;
  stuck = false;
  readonly sent: { readonly key: boolean; readonly track: number; readonly atMs: number }[] = [];
  private handlers: LinkHandlers | undefined;
  private readonly clock: VirtualClock;

  constructor(clock: VirtualClock) {
    this.clock = clock;
  }

  open(handlers: LinkHandlers): void {
    this.handlers = handlers;
  }

  sendText(text: string): void {
    const { type, sessionId } = JSON.parse(text);
    if (type === 'start') queueMicrotask(() => this.handlers?.onText(JSON.stringify({ type: 'started', sessionId, idleTimeoutSec: 10 })));
  }

  sendBinary(bytes: Uint8Array): void {
    if (this.stuck) this.bufferedBytes += bytes.length;
    this.sent.push({ key: (bytes[1] ?? 0) === 1, track: bytes[3] ?? 0, atMs: this.clock.monotonicMs() });
  }

  close(): void {}

  pictures(): { readonly key: boolean; readonly atMs: number }[] {
    return this.sent.filter(({ track }) => track === 1);
  }
}

test('when the network is stuck the device stops sending after two seconds and goes on with a key frame', async () => {
  const clock = new VirtualClock();
  const random = createRandom(clock);
  await using camera = await createSimulatedCamera({ clock, logger: silentLogger });
  const stream = camera.channels[0]?.streams[1];
  assert.ok(stream);
  await using reader = new StreamReader(stream, { clock, logger: silentLogger, random });
  const link = new SlowLink(clock);
  const start = {
    sessionId: '01KDVAPJ7C5T9N3W1QX8Z6D0SG',
    deviceId: '7myp6079wgx5ybtzb3a81y9h4a',
    channel: 1,
    stream: 'sub',
    kind: 'live',
    token: 't',
    video: { ...stream.video, gopSec: stream.gopSec },
  } as const;
  const connection = new PushConnection({ link, start, reader, withAudio: true, onSignal: () => {}, clock });
  using _hold = reader.hold(0);
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 20) {
      await clock.advance(20);
      await new Promise((resolve) => setTimeout(resolve, 1));
      // A disk that is slow to give the film holds up the time of the test.
      await stat(tmpdir());
    }
  };
  const opening = connection.open(new AbortController().signal);
  await pass(500);
  await opening;
  connection.publish();
  await pass(1_000);
  link.stuck = true;
  const stuckMs = clock.monotonicMs();
  await pass(6_000);
  const lastMs = link.sent.at(-1)?.atMs ?? 0;
  assert.ok(lastMs - stuckMs > 1_900 && lastMs - stuckMs < 2_200, `went on for ${lastMs - stuckMs} ms`);
  assert.ok(connection.skippedCount > 150);
  link.stuck = false;
  link.bufferedBytes = 0;
  const before = link.pictures().length;
  await pass(3_000);
  assert.equal(link.pictures()[before]?.key, true);
  assert.ok(link.pictures().length > before + 25);
  connection.stop('command');
});
