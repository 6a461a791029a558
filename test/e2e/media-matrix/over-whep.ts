import { setTimeout as delay } from 'node:timers/promises';
import { createDepacketiser, parseRtpPacket, RtpReorderBuffer } from '@cardea/media';
import { type MediaStreamTrack, RTCPeerConnection, RTCRtpCodecParameters, type RtpPacket } from 'werift';
import type { ReceivedPicture, Receiver } from './receivers.ts';

export const h264Codec = new RTCRtpCodecParameters({
  mimeType: 'video/H264',
  clockRate: 90_000,
  payloadType: 102,
  parameters: 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f',
  rtcpFeedback: [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }],
});
export const opusCodec = new RTCRtpCodecParameters({ mimeType: 'audio/opus', clockRate: 48_000, channels: 2, payloadType: 111 });

/** Pictures and Opus over WebRTC, with an implementation that is not the one of the platform. */
export const overWhep: Receiver = async ({ whep = '' }, film, seconds) => {
  const openedMs = performance.now();
  const peer = new RTCPeerConnection({
    codecs: { video: [h264Codec], audio: [opusCodec] },
    iceServers: [],
    iceAdditionalHostAddresses: ['127.0.0.1'],
    bundlePolicy: 'max-bundle',
  });
  const pictures: ReceivedPicture[] = [];
  const sounds: number[] = [];
  const video = createDepacketiser({ codec: 'h264', trackId: 1 });
  const order = new RtpReorderBuffer();
  const onPicture = (packet: RtpPacket): void => {
    for (const next of order.push(parseRtpPacket(packet.serialize()))) {
      for (const { data, pts } of video.push(next)) {
        pictures.push({ picture: film.pictureOf(data), timeSec: pts / 90_000, atMs: performance.now() });
      }
    }
  };
  peer.onTrack.subscribe((track: MediaStreamTrack) => {
    track.onReceiveRtp.subscribe((packet) => (track.kind === 'video' ? onPicture(packet) : sounds.push(packet.header.timestamp / 48_000)));
  });
  peer.addTransceiver('video', { direction: 'recvonly' });
  peer.addTransceiver('audio', { direction: 'recvonly' });
  await peer.setLocalDescription(await peer.createOffer());
  const headers = { 'content-type': 'application/sdp' };
  const response = await fetch(whep, { method: 'POST', headers, body: peer.localDescription?.sdp ?? '' });
  if (response.status !== 201) throw new Error(`WHEP answered ${response.status}: ${await response.text()}`);
  await peer.setRemoteDescription({ type: 'answer', sdp: await response.text() });
  const deadline = AbortSignal.timeout(60_000);
  while (pictures.length < seconds * 25 && !deadline.aborted) await delay(20);
  await peer.close();
  const track = video.track?.kind === 'video' ? video.track : undefined;
  return { openedMs, pictures, sounds, width: track?.width ?? 0, height: track?.height ?? 0, complaints: '' };
};
