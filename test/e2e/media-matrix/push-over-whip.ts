import { RtpPacketiser } from '@cardea/media';
import { MediaStreamTrack, RTCPeerConnection, RTCRtpCodecParameters } from 'werift';
import { play } from './film-player.ts';
import { h264Codec, opusCodec } from './over-whep.ts';
import type { Pusher } from './pushers.ts';

const h265Codec = new RTCRtpCodecParameters({ mimeType: 'video/H265', clockRate: 90_000, payloadType: 103, rtcpFeedback: [] });

/** Carrier `whip` (RFC 9725): H.264 or H.265, and Opus, by an implementation that is not the one of the platform. */
export const pushOverWhip: Pusher = async ({ target }, film, { signal, sentAt }) => {
  const peer = new RTCPeerConnection({
    codecs: { video: [film.kind.video === 'h264' ? h264Codec : h265Codec], audio: [opusCodec] },
    iceServers: [],
    iceAdditionalHostAddresses: ['127.0.0.1'],
    bundlePolicy: 'max-bundle',
  });
  const lanes = new Map(
    film.tracks.map((track, index) => {
      const media = new MediaStreamTrack({ kind: track.kind });
      peer.addTransceiver(media, { direction: 'sendonly' });
      return [track.id, { media, packetiser: new RtpPacketiser(track, { payloadType: 96 + index, ssrc: index + 1 }) }];
    }),
  );
  await peer.setLocalDescription(await peer.createOffer());
  const headers = { 'content-type': 'application/sdp', authorization: `Bearer ${target.token}` };
  const response = await fetch(target.url, { method: 'POST', headers, body: peer.localDescription?.sdp ?? '' });
  if (response.status !== 201) throw new Error(`WHIP answered ${response.status}: ${await response.text()}`);
  const connected = peer.connectionStateChange.watch((state) => state === 'connected', 10_000);
  await peer.setRemoteDescription({ type: 'answer', sdp: await response.text() });
  await connected;
  let picture = 0;
  await play(film, {
    signal,
    onUnit: (unit, track) => {
      const lane = lanes.get(track.id);
      if (track.kind === 'video') sentAt.set(picture++, performance.now());
      for (const packet of lane?.packetiser.packets(unit) ?? []) lane?.media.writeRtp(Buffer.from(packet));
    },
  });
  await peer.close();
};
