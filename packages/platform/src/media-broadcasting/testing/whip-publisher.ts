import { type AccessUnit, RtpPacketiser, type Track } from '@cardea/media';
import { MediaStreamTrack, RTCPeerConnection, RTCRtpCodecParameters } from 'werift';
import type { Clip } from './media.ts';
import { post, type WhepAnswer } from './whep-viewer.ts';

const codecs = {
  h264: new RTCRtpCodecParameters({
    mimeType: 'video/H264',
    clockRate: 90_000,
    payloadType: 102,
    parameters: 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f',
    rtcpFeedback: [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }],
  }),
  h265: new RTCRtpCodecParameters({
    mimeType: 'video/H265',
    clockRate: 90_000,
    payloadType: 103,
    rtcpFeedback: [{ type: 'nack', parameter: 'pli' }],
  }),
} as const;

export interface WhipTarget {
  readonly url: string;
  readonly token: string;
}

/** A camera that publishes the pictures of a clip over WebRTC, with an implementation that is not the one of the platform. */
export class WhipPublisher implements AsyncDisposable {
  /** How often it was asked for a key frame. */
  asked = 0;
  location = '';
  private readonly peer: RTCPeerConnection;
  private readonly track = new MediaStreamTrack({ kind: 'video' });
  private readonly pictures: readonly AccessUnit[];
  private readonly packetiser: RtpPacketiser;
  private next = 0;

  private constructor(peer: RTCPeerConnection, clip: Clip, video: Track) {
    this.peer = peer;
    this.pictures = clip.units.filter(({ trackId }) => trackId === video.id);
    this.packetiser = new RtpPacketiser(video, { payloadType: 102, ssrc: 1, timestampOffset: 4_294_900_000 });
  }

  static open(clip: Clip): WhipPublisher {
    const video = clip.tracks.find(({ kind }) => kind === 'video');
    if (video?.codec !== 'h264' && video?.codec !== 'h265') throw new Error('no video to publish');
    const peer = new RTCPeerConnection({
      codecs: { video: [codecs[video.codec]], audio: [] },
      iceServers: [],
      iceAdditionalHostAddresses: ['127.0.0.1'],
    });
    const publisher = new WhipPublisher(peer, clip, video);
    const { sender } = peer.addTransceiver(publisher.track, { direction: 'sendonly' });
    sender.onPictureLossIndication.subscribe(() => {
      publisher.asked += 1;
    });
    return publisher;
  }

  async offer(): Promise<string> {
    await this.peer.setLocalDescription(await this.peer.createOffer());
    return this.peer.localDescription?.sdp ?? '';
  }

  /** Resolves when it was answered and is connected, or refused. */
  async publish({ url, token }: WhipTarget): Promise<WhepAnswer> {
    const answer = await post(url, await this.offer(), { authorization: `Bearer ${token}` });
    if (answer.status !== 201) return answer;
    this.location = new URL(answer.headers.get('location') ?? '', url).href;
    const connected = this.peer.connectionStateChange.watch((state) => state === 'connected');
    await this.peer.setRemoteDescription({ type: 'answer', sdp: answer.body });
    await connected;
    return answer;
  }

  /** Sends the next picture of the clip. */
  publishPicture(): void {
    const unit = this.pictures[this.next];
    this.next += 1;
    for (const packet of unit === undefined ? [] : this.packetiser.packets(unit)) this.track.writeRtp(Buffer.from(packet));
  }

  /** Sends the next picture of the clip, which the network loses. */
  losePicture(): void {
    const unit = this.pictures[this.next];
    this.next += 1;
    if (unit !== undefined) this.packetiser.packets(unit);
  }

  /** Leaves the next picture of the clip out. */
  skipPicture(): void {
    this.next += 1;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.peer.close();
  }
}
