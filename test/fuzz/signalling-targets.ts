import { AppError } from '@cardea/core';
import { MediaError, type Track } from '@cardea/media';
import { publishNameOf } from '../../packages/platform/src/media-broadcasting/rtmp/publish-address.ts';
import { parseRtspAddress } from '../../packages/platform/src/media-broadcasting/rtsp/rtsp-address.ts';
import { readIceFragment } from '../../packages/platform/src/media-broadcasting/webrtc/ice-fragment.ts';
import {
  chooseH264,
  chooseOpus,
  readOffer,
  sentOpus,
  sentVideo,
  withDtlsClient,
} from '../../packages/platform/src/media-broadcasting/webrtc/session-description.ts';
import { type FuzzTarget, text, utf8 } from './samples.ts';

const offerLines = [
  'v=0',
  'o=- 1 2 IN IP4 127.0.0.1',
  's=-',
  't=0 0',
  'a=group:BUNDLE 0 1',
  'm=video 9 UDP/TLS/RTP/SAVPF 96 107 108',
  'a=setup:actpass',
  'a=mid:0',
  'a=sendrecv',
  'a=rtpmap:96 VP8/90000',
  'a=rtpmap:107 H264/90000',
  'a=fmtp:107 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=64001f;sprop-parameter-sets=Z0IAH5Y=,aM4G4g==',
  'a=rtpmap:108 H265/90000',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111',
  'a=mid:1',
  'a=rtpmap:111 opus/48000/2',
  'a=fmtp:111 minptime=10;useinbandfec=1',
  '',
];
const fragment =
  'a=ice-ufrag:EsAw\r\na=ice-pwd:x\r\nm=video 9 RTP/AVP 0\r\na=mid:0\r\na=candidate:1 1 UDP 1 192.0.2.1 9 typ host\r\na=end-of-candidates\r\n';
const device = '47z33qx1ajh62rkbz1a08vyj4w';

/** What the platform reads of those who publish and watch, before and beside the media. */
export function signallingTargets({ tracks: [picture] }: { readonly tracks: readonly Track[] }): readonly FuzzTarget[] {
  if (picture === undefined) throw new Error('the corpus lacks a picture');
  return [
    {
      name: 'offers of WHIP and WHEP',
      samples: [utf8(offerLines.join('\r\n'))],
      parse: (bytes) => {
        const offer = offerOf(withDtlsClient(text(bytes)));
        return [sentVideo(offer), sentOpus(offer), chooseH264(offer, picture), chooseOpus(offer)];
      },
    },
    { name: 'candidates that follow an offer', samples: [utf8(fragment)], parse: (bytes) => readIceFragment(text(bytes)) },
    {
      name: 'addresses of RTSP requests',
      samples: [utf8(`rtsp://[::1]:8554/${device}/1/main/track0?token=T-1_x`), utf8(`rtsps://h/${device}/1/sub?token=T/track1`)],
      parse: (bytes) => parseRtspAddress(text(bytes)),
    },
    {
      name: 'names under which encoders publish',
      samples: [utf8('vm\n01J0000000000000000000000?token=T'), utf8('vm/?token=T\n01J0000000000000000000000')],
      parse: (bytes) => {
        const [app = '', streamKey = ''] = text(bytes).split('\n');
        return publishNameOf({ app, streamKey });
      },
    },
  ];
}

function offerOf(sdp: string): ReturnType<typeof readOffer> {
  try {
    return readOffer(sdp);
  } catch (error) {
    // The one refusal there is; what it is made of has to be one, too.
    throw error instanceof AppError && error.status === 'INVALID_PARAMS' && error.cause instanceof MediaError ? error.cause : error;
  }
}
