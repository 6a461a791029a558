import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MediaError } from '../media-error.ts';
import { parseTransport, transportHeader } from './rtsp-transport.ts';

test('what a client can take is read in its order of preference', () => {
  const header = 'RTP/AVP;unicast;client_port=5000-5001,RTP/AVP/TCP;unicast;interleaved=0-1,RTP/SAVP;unicast;client_port=1-2';
  assert.deepEqual(parseTransport(header), [
    { kind: 'udp', client: [5_000, 5_001] },
    { kind: 'interleaved', client: [0, 1] },
  ]);
});

test('multicast is not taken, one port means the next one too, and the server may be left to choose', () => {
  assert.deepEqual(parseTransport('RTP/AVP;multicast;client_port=5000-5001'), []);
  assert.deepEqual(parseTransport('RTP/AVP/UDP;unicast;client_port=5000'), [{ kind: 'udp', client: [5_000, 5_001] }]);
  assert.deepEqual(parseTransport('RTP/AVP/TCP'), [{ kind: 'interleaved' }]);
});

test('ports and channels out of range are refused', () => {
  for (const text of ['client_port=65535', 'client_port=0-1', 'client_port=70000-70001', 'client_port=x']) {
    assert.throws(() => parseTransport(`RTP/AVP;unicast;${text}`), MediaError, text);
  }
  assert.throws(() => parseTransport('RTP/AVP/TCP;interleaved=255-256'), MediaError);
});

test('an answer names both sides and the source', () => {
  const transport = { kind: 'udp', client: [5_000, 5_001], server: [50_000, 50_001], ssrc: 0xab } as const;
  const header = 'RTP/AVP;unicast;client_port=5000-5001;server_port=50000-50001;ssrc=000000AB';
  assert.equal(transportHeader(transport), header);
  assert.deepEqual(parseTransport(header), [transport]);
});
