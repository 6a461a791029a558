import { PeerConnection as Peer, type PeerConnection, RtcpReceivingSession, type Track, Video } from 'node-datachannel';
import { answerRequests } from '../gateway/requests.ts';

/** Viewers over WebRTC in a process. */
export type ViewerRequests = {
  /** Watches the address so many times over. */
  watch: [{ readonly url: string; readonly count: number }, null];
  /** Bytes that came so far. */
  bytes: [null, number];
};

/** Held, since what nobody holds is closed by the library. */
const peers: PeerConnection[] = [];
const tracks: Track[] = [];
let received = 0;

const TRIES = 5;

/** Resolves when one viewer is connected. */
async function watch(url: string): Promise<void> {
  for (let left = TRIES; left > 0; left -= 1) {
    // Between two ends of this library one connection in ten fails before its first packet.
    if (await connect(url)) return;
  }
  throw new Error(`${url} cannot be watched`);
}

/** Whether the connection came about. */
async function connect(url: string): Promise<boolean> {
  const peer = new Peer('viewer', { iceServers: [], disableAutoNegotiation: true, bindAddress: '127.0.0.1' });
  peers.push(peer);
  const video = new Video('0', 'RecvOnly');
  video.addH264Codec(102, 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f');
  const track = peer.addTrack(video);
  tracks.push(track);
  track.setMediaHandler(new RtcpReceivingSession());
  track.onMessage((bytes) => {
    received += bytes.length;
  });
  const opened = new Promise<boolean>((resolve) => {
    track.onOpen(() => resolve(true));
    peer.onStateChange((state) => (state === 'failed' || state === 'closed') && resolve(false));
  });
  const gathered = new Promise<void>((resolve) => {
    peer.onGatheringStateChange((state) => state === 'complete' && resolve());
  });
  peer.setLocalDescription('offer');
  await gathered;
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/sdp' },
    body: peer.localDescription()?.sdp ?? '',
  });
  if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
  try {
    peer.setRemoteDescription(await answer.text(), 'answer');
  } catch {
    return false;
  }
  return await opened;
}

answerRequests<ViewerRequests>({
  watch: async ({ url, count }) => {
    for (let viewer = 0; viewer < count; viewer += 1) await watch(url);
    return null;
  },
  bytes: async () => received,
});
