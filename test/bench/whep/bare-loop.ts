import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PeerConnection as Peer, type PeerConnection, type Track, Video } from 'node-datachannel';

/**
 * The floor: packets that are ready, sent to every viewer by a loop that does nothing else. Arguments: bit rate in kbit/s. Prints
 * its address.
 */
const KBPS = Number(process.argv[2]);
const FPS = 25;
const PACKET_BYTES = 1_200;
const SSRC = 1;
const peers: PeerConnection[] = [];
const tracks: Track[] = [];

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let offer = '';
  for await (const chunk of request) offer += String(chunk);
  const peer = new Peer('bare', { iceServers: [], disableAutoNegotiation: true, bindAddress: '127.0.0.1' });
  peers.push(peer);
  peer.setRemoteDescription(offer.replaceAll('a=setup:actpass', 'a=setup:active'), 'offer');
  const video = new Video('0', 'SendOnly');
  video.addH264Codec(102, 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f');
  video.addSSRC(SSRC, 'bare', 'bare', 'video');
  const track = peer.addTrack(video);
  track.onOpen(() => tracks.push(track));
  const gathered = new Promise<void>((resolve) => {
    peer.onGatheringStateChange((state) => state === 'complete' && resolve());
  });
  peer.setLocalDescription('answer');
  await gathered;
  response.writeHead(201, { 'content-type': 'application/sdp' }).end(peer.localDescription()?.sdp);
}

const packetsPerFrame = Math.max(1, Math.round((KBPS * 1_000) / 8 / FPS / PACKET_BYTES));
const packet = Buffer.alloc(PACKET_BYTES, 0x41);
packet.writeUInt16BE(0x8066, 0);
packet.writeUInt32BE(SSRC, 8);
let sequence = 0;
setInterval(() => {
  for (let index = 0; index < packetsPerFrame; index += 1) {
    packet.writeUInt16BE(sequence, 2);
    sequence = (sequence + 1) & 0xffff;
    for (const track of tracks) if (track.isOpen()) track.sendMessageBinary(packet);
  }
}, 1_000 / FPS);
const server = createServer((request, response) => void answer(request, response));
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`));
process.on('SIGTERM', () => process.exit());
