import { Channel, Instant } from '@cardea/protocol';
import { type Static, Type } from 'typebox';

/** What to play of what is stored. */
export const VodRequest = Type.Object({ channel: Channel, from: Instant, to: Instant });
export type VodRequest = Static<typeof VodRequest>;

/** A right to play one range of one channel. The addresses work as they stand, for players that only know an address. */
export const VodSession = Type.Object({
  urls: Type.Object({
    hls: Type.String({ description: 'HLS, one stream: `main`, or another with `&stream=`' }),
    multivariant: Type.String({ description: 'HLS, all streams, the smallest first' }),
    clip: Type.String({ description: 'the range as one MP4' }),
  }),
  token: Type.String({ description: 'the token the addresses carry' }),
  expiresAt: Instant,
});
export type VodSession = Static<typeof VodSession>;
