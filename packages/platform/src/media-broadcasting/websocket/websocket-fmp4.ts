import { webSocketFrame } from '@cardea/core';
import { Fmp4Muxer, mimeTypeOf } from '@cardea/media';
import type { PushFormat } from '../push-format.ts';

/** What carries the codecs that are left out here. */
const ELSEWHERE = ['flv', 'rtsp'];

/**
 * A text frame `{"mime"}`, the init segment, then fragments, each one WebSocket message. When sound is left out, the text says
 * which and where it is heard: `{"mime", "leftOut": [{"codec", "outputs"}]}`.
 */
export const webSocketFmp4: PushFormat = {
  name: 'ws',
  // No browser plays G.711 in a MediaSource, and one that is offered it plays nothing at all.
  carries: ({ codec }) => codec !== 'g711a' && codec !== 'g711u',
  head: (tracks, leftOut) => {
    const muxer = new Fmp4Muxer(tracks);
    const absent = leftOut.map(({ codec }) => ({ codec, outputs: ELSEWHERE }));
    const about = { mime: mimeTypeOf(tracks), ...(absent.length > 0 && { leftOut: absent }) };
    return {
      opening: new Uint8Array(),
      messages: [webSocketFrame('text', [Buffer.from(JSON.stringify(about))]), webSocketFrame('binary', [muxer.initSegment()])],
      fragment: (units, sequence) => [webSocketFrame('binary', muxer.fragmentParts(units, sequence))],
    };
  },
};
