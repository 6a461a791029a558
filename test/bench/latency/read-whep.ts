import { once } from 'node:events';
import { type MediaStreamTrack, RTCPeerConnection } from 'werift';
import { h264Codec } from '../../e2e/media-matrix/over-whep.ts';
import type { ReadForm } from '../../support/live-forms.ts';

/** Pictures over WebRTC, packet by packet as they come; SEI stands in them as it was sent. */
export const readWhep: ReadForm = async (url, { signal, onBytes }) => {
  const peer = new RTCPeerConnection({
    codecs: { video: [h264Codec], audio: [] },
    iceServers: [],
    iceAdditionalHostAddresses: ['127.0.0.1'],
    bundlePolicy: 'max-bundle',
  });
  peer.onTrack.subscribe((track: MediaStreamTrack) => track.onReceiveRtp.subscribe(({ payload }) => onBytes(payload)));
  peer.addTransceiver('video', { direction: 'recvonly' });
  await peer.setLocalDescription(await peer.createOffer());
  const headers = { 'content-type': 'application/sdp' };
  const answer = await fetch(url, { method: 'POST', headers, body: peer.localDescription?.sdp ?? '' });
  if (answer.status !== 201) throw new Error(`WHEP answered ${answer.status}: ${await answer.text()}`);
  await peer.setRemoteDescription({ type: 'answer', sdp: await answer.text() });
  if (!signal.aborted) await once(signal, 'abort');
  await peer.close();
};
