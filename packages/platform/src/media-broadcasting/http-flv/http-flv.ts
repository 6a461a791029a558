import { FlvMuxer, flvCarries, flvTagParts } from '@cardea/media';
import type { PushFormat } from '../push-format.ts';

const nothing = new Uint8Array();

/** An FLV file without an end: its header, metadata and configurations, then tags. */
export const httpFlv: PushFormat = {
  name: 'flv',
  carries: flvCarries,
  head: (tracks) => {
    const muxer = new FlvMuxer(tracks);
    return {
      opening: muxer.fileHeader(),
      messages: muxer.headers().map((tag) => Buffer.concat(flvTagParts(tag, tag.data, nothing))),
      fragment: (units) => units.flatMap((unit) => muxer.tagParts(unit)),
    };
  },
};
