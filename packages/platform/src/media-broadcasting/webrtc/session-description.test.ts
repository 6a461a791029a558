import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainTrack } from '../testing/media.ts';
import { readIceFragment } from './ice-fragment.ts';
import { chooseH264, chooseOpus, readOffer, withDtlsClient, withPublicAddress } from './session-description.ts';

const offer = [
  'v=0',
  'o=- 1 2 IN IP4 127.0.0.1',
  's=-',
  't=0 0',
  'm=video 9 UDP/TLS/RTP/SAVPF 96 103 107 109',
  'a=setup:actpass',
  'a=mid:0',
  'a=recvonly',
  'a=rtpmap:96 VP8/90000',
  'a=rtpmap:103 H264/90000',
  'a=fmtp:103 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42c01e',
  'a=rtpmap:107 H264/90000',
  'a=fmtp:107 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=64001f',
  'a=rtpmap:109 H264/90000',
  'a=fmtp:109 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111',
  'a=mid:1',
  'a=recvonly',
  'a=rtpmap:111 opus/48000/2',
  '',
].join('\r\n');

test('of what a viewer takes, the H.264 in the profile of the camera is chosen, whole pictures in many packets', () => {
  const read = readOffer(offer);
  assert.deepEqual(chooseH264(read, plainTrack), {
    mid: '0',
    payloadType: 109,
    parameters: 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f',
  });
  const high = { ...plainTrack, config: Uint8Array.of(1, 0x64, 0, 0x1f) };
  assert.equal(chooseH264(read, high)?.payloadType, 107);
  const main = { ...plainTrack, config: Uint8Array.of(1, 0x4d, 0, 0x1f) };
  assert.equal(chooseH264(read, main)?.payloadType, 107);
  assert.deepEqual([chooseOpus(read)?.mid, chooseOpus(read)?.payloadType], ['1', 111]);
});

test('who does not want to receive, or knows no H.264, is sent nothing', () => {
  assert.equal(chooseH264(readOffer(offer.replace('a=recvonly', 'a=sendonly')), plainTrack), undefined);
  assert.equal(chooseH264(readOffer(offer.replaceAll('H264', 'VP9')), plainTrack), undefined);
  assert.equal(chooseOpus(readOffer(offer.replace('opus', 'PCMU'))), undefined);
  assert.throws(() => readOffer('hello'), { status: 'INVALID_PARAMS' });
});

test('the viewer is the client of DTLS, and an answer names the address outside beside those near by', () => {
  assert.match(withDtlsClient(offer), /a=setup:active\r\n/);
  const answer = 'a=mid:0\r\na=candidate:1 1 UDP 2114977791 192.168.1.7 8782 typ host\r\na=end-of-candidates\r\n';
  assert.equal(
    withPublicAddress(answer, '203.0.113.5'),
    'a=mid:0\r\na=candidate:1 1 UDP 2114977791 192.168.1.7 8782 typ host\r\na=candidate:1p 1 UDP 2114977790 203.0.113.5 8782 typ host\r\na=end-of-candidates\r\n',
  );
  assert.equal(withPublicAddress(answer, ''), answer);
});

test('candidates that come later are read with the section they are for', () => {
  const body =
    'a=ice-ufrag:EsAw\r\na=ice-pwd:x\r\nm=video 9 RTP/AVP 0\r\na=mid:0\r\na=candidate:1 1 UDP 1 192.0.2.1 9 typ host\r\na=end-of-candidates\r\n';
  assert.deepEqual(readIceFragment(body), {
    ufrag: 'EsAw',
    candidates: [{ mid: '0', candidate: 'a=candidate:1 1 UDP 1 192.0.2.1 9 typ host' }],
  });
});
