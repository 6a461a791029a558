import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import type { Destination } from './network-trace.ts';

/**
 * That the camera spoke to the platform at `url` alone, and the platform connected to nobody: what it sent of its own went to
 * viewers over WebRTC and RTSP, which are on this machine.
 */
export function assertNothingLeaves(url: string, spokeTo: Readonly<Record<'platform' | 'camera', readonly Destination[]>>): void {
  const { hostname, port } = new URL(url);
  assert.deepEqual(spokeTo.camera.filter(isOutside), [{ how: 'connected', address: hostname, port: Number(port) }]);
  const ofThisMachine = Object.values(networkInterfaces()).flatMap((addresses = []) => addresses.map(({ address }) => address));
  assert.ok(spokeTo.platform.length > 0, 'the trace shows what the platform sent to viewers');
  const others = spokeTo.platform.filter(isOutside).filter(({ how, address }) => how === 'connected' || !ofThisMachine.includes(address));
  assert.deepEqual(others, []);
}

/** Unix sockets end in this machine. */
function isOutside({ port }: Destination): boolean {
  return port !== 0;
}
