import type { HlsVariant } from '@cardea/media';
import { writeMasterPlaylist } from '@cardea/media';
import { type ChannelCapability, conforms, StreamName } from '@cardea/protocol';

/** Sound beside the pictures. */
const SOUND_BPS = 128_000;

type Encoding = ChannelCapability['video'][number];

/** The multivariant playlist of a channel: its encodings, best first, each with `token` and `suffix` in its address. */
export function channelPlaylist(encodings: readonly Encoding[], token: string, suffix: string): string {
  const known = encodings.filter(({ stream }) => conforms(StreamName, stream));
  const variants = known.map((encoding) => variantOf(encoding, `${encoding.stream}/index.m3u8?token=${token}${suffix}`));
  return writeMasterPlaylist({ variants: variants.toSorted((a, b) => b.bandwidthBps - a.bandwidthBps) });
}

function variantOf({ bitrateKbps, resolutions }: Encoding, uri: string): HlsVariant {
  const [largest] = resolutions.toSorted(([a], [b]) => b - a);
  return {
    uri,
    bandwidthBps: bitrateKbps[1] * 1_000 + SOUND_BPS,
    ...(largest !== undefined && { width: largest[0], height: largest[1] }),
  };
}
