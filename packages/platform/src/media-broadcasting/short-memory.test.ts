import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { VirtualClock } from '@cardea/core';
import { camera, createRig } from './testing/rig.ts';

/** What comes back from a port where somebody asks what it understands; empty when the connection is dropped. */
async function ask(url: string, request: Uint8Array): Promise<Uint8Array> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  socket.write(request);
  const answered = new Promise<Uint8Array>((resolve) => {
    socket.once('data', resolve);
    socket.once('close', () => resolve(new Uint8Array()));
  });
  const answer = await answered;
  if (!socket.destroyed) socket.destroy();
  if (!socket.closed) await once(socket, 'close');
  return answer;
}

test('whoever connects over RTSP or RTMP while memory is short is dropped, and let in when there is room again', async () => {
  let takesLive = true;
  await using rig = await createRig(new VirtualClock(), { carriers: ['rtmp'], takesLive: () => takesLive });
  const { urls } = await rig.service.startLive(await rig.proof('anna'), camera);
  const doors = [
    { url: urls.rtsp ?? '', request: Buffer.from('OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n') },
    // Version 3 and the 1,536 bytes that begin a handshake.
    { url: rig.device.pushTarget.url, request: Buffer.concat([Buffer.of(3), Buffer.alloc(1_536)]) },
  ];
  for (const { request, url } of doors) {
    takesLive = true;
    assert.ok((await ask(url, request)).length > 0, url);
    takesLive = false;
    assert.equal((await ask(url, request)).length, 0, url);
  }
});
