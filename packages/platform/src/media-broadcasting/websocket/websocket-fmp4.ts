import { webSocketFrame } from '@cardea/core';
import { Fmp4Muxer, mimeTypeOf } from '@cardea/media';
import { carries, leftOutOf } from '../carried-by.ts';
import type { PushFormat } from '../push-format.ts';

/**
 * A text frame `{"mime"}`, the init segment, then fragments, each one WebSocket message. When sound is left out, the text says
 * which and where it is heard: `{"mime", "leftOut": [{"codec", "outputs"}]}`.
 */
export const webSocketFmp4: PushFormat = {
  name: 'ws',
  carries: (track) => carries('ws', track),
  head: (tracks, leftOut) => {
    const muxer = new Fmp4Muxer(tracks);
    const about = { mime: mimeTypeOf(tracks), ...(leftOut.length > 0 && { leftOut: leftOutOf('ws', leftOut) }) };
    return {
      opening: new Uint8Array(),
      messages: [webSocketFrame('text', [Buffer.from(JSON.stringify(about))]), webSocketFrame('binary', [muxer.initSegment()])],
      fragment: (units, sequence) => [webSocketFrame('binary', muxer.fragmentParts(units, sequence))],
    };
  },
};
