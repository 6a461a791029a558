import { RTCPeerConnection } from 'werift';
import { h264Codec } from '../e2e/media-matrix/over-whep.ts';
import { type ReadForm, Refused } from './live-forms.ts';

/** Watches pictures over WebRTC, RTP packet by packet, until nothing has come for `SILENT_MS`: packets end without a word. */
export const readWhep: ReadForm = async (url, { signal, onBytes }) => {
  const peer = new RTCPeerConnection({
    codecs: { video: [h264Codec], audio: [] },
    iceServers: [],
    iceAdditionalHostAddresses: ['127.0.0.1'],
  });
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  const stop = (): void => end();
  signal.addEventListener('abort', stop, { once: true });
  let lastMs = Number.POSITIVE_INFINITY;
  const watch = setInterval(() => performance.now() - lastMs > SILENT_MS && end(), 50);
  try {
    peer.onTrack.subscribe((track) => {
      track.onReceiveRtp.subscribe((packet) => {
        lastMs = performance.now();
        onBytes(packet.serialize());
      });
    });
    peer.addTransceiver('video', { direction: 'recvonly' });
    await peer.setLocalDescription(await peer.createOffer());
    const headers = { 'content-type': 'application/sdp' };
    const answer = await fetch(url, { method: 'POST', headers, body: peer.localDescription?.sdp ?? '', signal });
    if (answer.status !== 201) throw new Refused(answer.status);
    await peer.setRemoteDescription({ type: 'answer', sdp: await answer.text() });
    await over;
    if (!signal.aborted) throw new Error('the stream ended early');
  } finally {
    clearInterval(watch);
    signal.removeEventListener('abort', stop);
    await peer.close();
  }
};

/** Many times the time between two pictures. */
const SILENT_MS = 600;
