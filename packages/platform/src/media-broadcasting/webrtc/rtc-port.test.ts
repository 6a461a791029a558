import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { createLogger, silentLogger } from '@cardea/core';
import { RtcPort } from './rtc-port.ts';

const publicAddress = '';

test('a UDP port that is taken is a warning, and WebRTC stays off', async () => {
  const taken = createSocket('udp4');
  taken.bind(0, '127.0.0.1');
  await once(taken, 'listening');
  const lines: string[] = [];
  const logger = createLogger('silent', { write: (line: string) => void lines.push(line) });
  const { port } = taken.address();
  const rtc = new RtcPort({ listen: { host: '127.0.0.1', port }, publicAddress }, logger);
  await rtc.open();
  assert.equal(rtc.engine, undefined);
  assert.match(lines.join(), new RegExp(`WebRTC is off: cannot use UDP port 127\\.0\\.0\\.1:${port}`));
  rtc.close();
  taken.close();
});

test('a host name is a name of an address, and connections gather candidates there', async () => {
  const rtc = new RtcPort({ listen: { host: 'localhost', port: 0 }, publicAddress }, silentLogger);
  await rtc.open();
  const peer = rtc.engine?.createPeer('test');
  assert.ok(peer !== undefined);
  peer.createDataChannel('x');
  const { promise, resolve } = Promise.withResolvers<void>();
  peer.onGatheringStateChange((state) => state === 'complete' && resolve());
  peer.setLocalDescription('offer');
  await promise;
  assert.match(
    peer.localDescription()?.sdp ?? '',
    new RegExp(`a=candidate:\\S+ 1 UDP \\d+ (127\\.0\\.0\\.1|::1) ${rtc.engine?.port} typ host`),
  );
  peer.close();
  rtc.close();
});

test('switched off there is none', async () => {
  const rtc = new RtcPort(undefined, silentLogger);
  await rtc.open();
  assert.equal(rtc.engine, undefined);
  rtc.close();
});
