import { createHmac } from 'node:crypto';
import {
  type AccessUnit,
  aacTrack,
  buildBye,
  buildKeyframeRequest,
  buildReceiverReport,
  buildSdp,
  buildSenderReport,
  ChunkReader,
  createDepacketiser,
  FlvDemuxer,
  FlvMuxer,
  FlvSplitter,
  flvTagParts,
  formatOf,
  interleave,
  opusTrack,
  parseRtcp,
  parseRtmpCommand,
  parseRtpPacket,
  parseSdp,
  parseTransport,
  RtmpPublishSession,
  type RtpFormat,
  RtpPacketiser,
  RtpReorderBuffer,
  type RtpSource,
  RtspReader,
  rtmpCommand,
  rtmpType,
  rtpFormatOf,
  rtpSourceOf,
  splitInterleaved,
  type Track,
  writeChunks,
} from '@cardea/media';
import type { Corpus } from './corpus.ts';
import { type FuzzTarget, hex, inPieces, type Media, text, unitOf, utf8 } from './samples.ts';

export function rtpTargets(media: Media, media265: Media): readonly FuzzTarget[] {
  const [picture, sound] = media.tracks;
  const [picture265] = media265.tracks;
  if (picture === undefined || sound?.kind !== 'audio' || picture265 === undefined) throw new Error('the corpus lacks a track');
  const opus = opusTrack(2, 48_000, Uint8Array.from(hex('000101380000bb80000000')[0] ?? []));
  const packets264 = packetsOf(picture, media.units);
  return [
    {
      name: 'RTP packets',
      samples: [...packets264, ...hex('b1600001000000020000000311111111bede0001aabbccdd0102000003')],
      parse: parseRtpPacket,
    },
    depacketiserTarget('H.264 out of RTP', { codec: 'h264', trackId: 1 }, packets264),
    depacketiserTarget('H.265 out of RTP', { codec: 'h265', trackId: 1 }, packetsOf(picture265, media265.units)),
    depacketiserTarget('AAC out of RTP', { track: sound }, [...packetsOf(sound, media.units), ...packetsOf(sound, media.units, 60)]),
    depacketiserTarget('Opus out of RTP', { track: opus }, packetsOf(opus, [{ ...unitOf(new Uint8Array(80)), trackId: 2 }])),
    packetiserTarget('H.264 into RTP', picture, media.units),
    packetiserTarget('H.265 into RTP', picture265, media265.units),
    {
      name: 'RTCP packets',
      samples: [
        buildSenderReport({ ssrc: 1, sentAt: 1_767_225_600_000, rtpTimestamp: 2, packets: 3, payloadBytes: 4 }, 'cardea'),
        buildReceiverReport(1, [{ ssrc: 2, fractionLost: 0.5, packetsLost: 1, highestSequence: 3, jitter: 4 }], 'x'),
        Uint8Array.from([...buildBye(1), ...buildKeyframeRequest(1, 2)]),
        ...hex('81cd0003000000010000000200ff8001', '84ce00040000000100000000 0000000a01000000'),
      ],
      parse: parseRtcp,
    },
  ];
}

function packetsOf(track: Track, units: readonly AccessUnit[], maxPacketBytes = 300): readonly Uint8Array[] {
  const packetiser = new RtpPacketiser(track, { payloadType: 96, ssrc: 1, maxPacketBytes });
  return units.filter(({ trackId }) => trackId === track.id).flatMap((unit) => packetiser.packets(unit));
}

/** Whole conversations are broken, so that what one packet leaves behind meets the next. */
function depacketiserTarget(name: string, source: RtpSource, packets: readonly Uint8Array[]): FuzzTarget {
  return {
    name,
    samples: [interleave(packets.map((packet) => ({ channel: 0, packet })))],
    parse: (bytes) => {
      const depacketiser = createDepacketiser(source);
      const order = new RtpReorderBuffer(8);
      for (const { payload } of splitInterleaved(bytes)) {
        for (const packet of order.push(parseRtpPacket(payload))) depacketiser.push(packet);
      }
    },
  };
}

/** What a camera pushes is packetised as it is. */
function packetiserTarget(name: string, track: Track, units: readonly AccessUnit[]): FuzzTarget {
  return {
    name,
    samples: units.filter(({ trackId }) => trackId === track.id).map(({ data }) => data),
    parse: (bytes) => new RtpPacketiser(track, { payloadType: 96, ssrc: 1 }).packets(unitOf(bytes)),
  };
}

export function rtmpTargets({ flv }: Corpus, media265: Media): readonly FuzzTarget[] {
  const tags = new FlvSplitter().push(flv);
  const call = (name: string, ...values: readonly string[]): Uint8Array =>
    writeChunks(rtmpCommand({ name, transactionId: 1, values: [null, ...values] }), { chunkStreamId: 3, chunkSizeBytes: 128 });
  const connect = writeChunks(rtmpCommand({ name: 'connect', transactionId: 1, values: [{ app: 'vm', tcUrl: 'rtmp://h/vm' }] }), {
    chunkStreamId: 3,
    chunkSizeBytes: 128,
  });
  const mediaChunks = tags
    .slice(0, 6)
    .map(({ type, timestampMs, data }) => writeChunks({ type, streamId: 1, timestampMs, data }, { chunkStreamId: 4, chunkSizeBytes: 128 }));
  const commands = [connect, call('createStream'), call('publish', 'key?token=t', 'live')];
  const chunks = Uint8Array.from(Buffer.concat([...commands, ...mediaChunks]));
  const hello = Uint8Array.from([3, ...new Uint8Array(3_072)]);
  return [
    { name: 'FLV', samples: [flv, enhancedFlv(media265)], parse: demuxFlv },
    {
      name: 'the values of RTMP commands',
      samples: amfSamples,
      parse: (data) => parseRtmpCommand({ type: rtmpType.command, streamId: 0, timestampMs: 0, data }),
    },
    {
      name: 'RTMP chunks and the commands in them',
      samples: [chunks],
      parse: (bytes) => inPieces(bytes, new ChunkReader((message) => message.type === rtmpType.command && parseRtmpCommand(message))),
    },
    {
      name: 'RTMP publishers from their first byte',
      samples: [Uint8Array.from(Buffer.concat([hello, chunks]))],
      parse: (bytes) => inPieces(bytes, createPublishSession()),
    },
  ];
}

/** `"a"`, 1, and then each kind of value that AMF 0 has: objects, arrays of both forms, dates, long strings, nothing. */
const amfSamples = hex(
  '02000161 003ff0000000000000 03 000161 0101 000162 05 000009',
  '02000161 003ff0000000000000 08 00000001 000161 06 000009 0a 00000002 0101 05',
  '02000161 003ff0000000000000 0b 0000000000000000 0000 0c 00000003 616263 06',
);

/** H.265 and Opus, which only the enhanced form has. */
function enhancedFlv({ tracks: [video], units }: Media): Uint8Array {
  if (video === undefined) throw new Error('the corpus lacks a picture');
  const opus = opusTrack(2, 48_000, Uint8Array.from(hex('000101380000bb80000000')[0] ?? []));
  const muxer = new FlvMuxer([video, opus]);
  const headers = muxer.headers().flatMap((tag) => flvTagParts(tag, tag.data, new Uint8Array()));
  const sound = { ...unitOf(Uint8Array.from([0xfc, 1, 2, 3])), trackId: 2 };
  const bodies = [...units, sound].map((unit) => muxer.message(unit)).flatMap((tag) => flvTagParts(tag, tag.head, tag.data));
  return Uint8Array.from(Buffer.concat([muxer.fileHeader(), ...headers, ...bodies]));
}

function demuxFlv(bytes: Uint8Array): void {
  const demuxer = new FlvDemuxer({ onTracks: () => {}, onUnits: () => {} });
  const splitter = new FlvSplitter();
  for (let at = 0; at < bytes.length; at += 500) for (const tag of splitter.push(bytes.slice(at, at + 500))) demuxer.push(tag);
}

function createPublishSession(): RtmpPublishSession {
  const session: RtmpPublishSession = new RtmpPublishSession({
    hmac: (key, data) => createHmac('sha256', key).update(data).digest(),
    randomBytes: (length) => new Uint8Array(length),
    send: () => {},
    onPublish: () => session.accept(),
    onMedia: () => {},
    onUnpublish: () => {},
  });
  return session;
}

/** As the client of a camera does. */
function readDescribed(format: RtpFormat): void {
  const source = rtpSourceOf(format, 1);
  if (source !== undefined) createDepacketiser(source);
}

export function rtspTargets({ tracks }: Media): readonly FuzzTarget[] {
  const sdp = buildSdp(
    'Cardea',
    [{ name: 'control', value: '*' }],
    tracks.map((track, index) => ({ kind: track.kind, payloadType: 96 + index, format: rtpFormatOf(track), attributes: [] })),
  );
  const conversation = [
    'OPTIONS rtsp://h:8554/a/1/main?token=t RTSP/1.0\r\nCSeq: 1\r\n\r\n',
    'SETUP rtsp://h:8554/a/1/main/track0?token=t RTSP/1.0\r\nCSeq: 3\r\nTransport: RTP/AVP;unicast;client_port=5000-5001\r\n\r\n',
    '$\u0001\u0000\u0004abcdRTSP/1.0 200 OK\r\nCSeq: 4\r\nContent-Length: 4\r\n\r\nbody',
  ];
  return [
    { name: 'RTSP connections', samples: [utf8(conversation.join(''))], parse: (bytes) => inPieces(bytes, new RtspReader()) },
    {
      name: 'RTSP transports',
      samples: [utf8('RTP/AVP;unicast;client_port=5000-5001,RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=AB')],
      parse: (bytes) => parseTransport(text(bytes)),
    },
    {
      name: 'session descriptions',
      samples: [utf8(sdp)],
      parse: (bytes) => {
        const formats = parseSdp(text(bytes)).media.flatMap((media) => media.payloadTypes.map((type) => formatOf(media, type)));
        for (const format of formats) if (format !== undefined) readDescribed(format);
      },
    },
    { name: 'AAC tracks of a session description', samples: hex('1190'), parse: (bytes) => rtpFormatOf(aacTrack(1, 48_000, bytes)) },
  ];
}
