import { Fmp4Muxer, mimeTypeOf } from '@cardea/media';
import type { PushFormat } from '../push-format.ts';
import { webSocketFrame } from './websocket-frame.ts';

/** A text frame `{"mime"}`, the init segment, then fragments, each one WebSocket message. */
export const webSocketFmp4: PushFormat = {
  name: 'ws',
  // No browser plays G.711 in a MediaSource, and one that is offered it plays nothing at all.
  carries: ({ codec }) => codec !== 'g711a' && codec !== 'g711u',
  head: (tracks) => {
    const muxer = new Fmp4Muxer(tracks);
    return {
      opening: new Uint8Array(),
      messages: [
        webSocketFrame('text', [Buffer.from(JSON.stringify({ mime: mimeTypeOf(tracks) }))]),
        webSocketFrame('binary', [muxer.initSegment()]),
      ],
      fragment: (units, sequence) => [webSocketFrame('binary', muxer.fragmentParts(units, sequence))],
    };
  },
};
