import { parseRtpPacket, type RtpPacket } from '@cardea/media';
import { type MediaStreamTrack, RTCPeerConnection, RTCRtpCodecParameters, type RtpPacket as WeriftPacket } from 'werift';

export interface WhepAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

const h264 = new RTCRtpCodecParameters({
  mimeType: 'video/H264',
  clockRate: 90_000,
  payloadType: 102,
  parameters: 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f',
  rtcpFeedback: [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }],
});

/** Somebody who watches over WebRTC, with an implementation that is not the one of the platform. */
export class WhepViewer implements AsyncDisposable {
  readonly packets: RtpPacket[] = [];
  /** Where the viewing is, once it was answered. */
  location = '';
  etag = '';
  private readonly peer: RTCPeerConnection;
  private readonly track: Promise<readonly [MediaStreamTrack]>;

  private constructor(peer: RTCPeerConnection) {
    this.peer = peer;
    this.track = peer.onTrack.asPromise();
  }

  /** Offers to receive H.264, or what `codecs` says. */
  static open(codecs: readonly RTCRtpCodecParameters[] = [h264]): WhepViewer {
    const peer = new RTCPeerConnection({
      codecs: { video: [...codecs], audio: [] },
      iceServers: [],
      iceAdditionalHostAddresses: ['127.0.0.1'],
    });
    const viewer = new WhepViewer(peer);
    peer.addTransceiver('video', { direction: 'recvonly' });
    return viewer;
  }

  async offer(): Promise<string> {
    await this.peer.setLocalDescription(await this.peer.createOffer());
    return this.peer.localDescription?.sdp ?? '';
  }

  /** Posts the offer and, when it is answered, begins to receive. */
  async watch(url: string, headers: Readonly<Record<string, string>> = {}): Promise<WhepAnswer> {
    const answer = await post(url, await this.offer(), headers);
    if (answer.status !== 201) return answer;
    this.location = new URL(answer.headers.get('location') ?? '', url).href;
    this.etag = answer.headers.get('etag') ?? '';
    void this.track.then(([track]) => track.onReceiveRtp.subscribe((packet: WeriftPacket) => this.take(packet)));
    await this.peer.setRemoteDescription({ type: 'answer', sdp: answer.body });
    return answer;
  }

  async askKeyframe(): Promise<void> {
    const [receiver] = this.peer.getReceivers();
    await receiver?.sendRtcpPLI(this.packets[0]?.ssrc ?? 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.peer.close();
  }

  private take(packet: WeriftPacket): void {
    this.packets.push(parseRtpPacket(packet.serialize()));
  }
}

/** What a viewer offers who is not heard of again. */
export async function offerOf(): Promise<string> {
  await using viewer = WhepViewer.open();
  return await viewer.offer();
}

export async function post(url: string, body: string, headers: Readonly<Record<string, string>> = {}): Promise<WhepAnswer> {
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/sdp', ...headers }, body });
  return { status: response.status, headers: response.headers, body: await response.text() };
}
