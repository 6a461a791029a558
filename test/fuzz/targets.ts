import {
  annexBToLengthPrefixed,
  av1CodecString,
  bytesReader,
  checkFragmentedMp4,
  Fmp4Muxer,
  Fmp4Splitter,
  h264CodecString,
  h265CodecString,
  jpegSize,
  lengthPrefixedToAnnexB,
  Mp4File,
  moveSegment,
  opusPacketSamples,
  opusTrack,
  parseAudioSpecificConfig,
  parseFragment,
  parseH264Sps,
  parseH265Sps,
  parseInitSegment,
  readRecordedSegment,
  recipientsOf,
} from '@cardea/media';
import { decodeAudioFrame, decodeMediaFrame, decodeVmFrame, encodeMediaFrame } from '@cardea/protocol';
import type { Corpus } from './corpus.ts';
import { type FuzzTarget, hex, inPieces, type Media, readMedia, text, utf8 } from './samples.ts';
import { signallingTargets } from './signalling-targets.ts';
import { rtmpTargets, rtpTargets, rtspTargets } from './stream-targets.ts';

const sps264 = '674d400deca0a0fd80880000030008000003019078a14cb0';
const sps265 = '42010101600000030090000003000003003ca00a080f16595952930bc05a020000030002000003003210';
const avcC = `014d400dffe10018${sps264}01000468ce0fc8`;
const hvcC = `0101600000009000000000003cf000fcfdf8f800000f01a10001${(sps265.length / 2).toString(16).padStart(4, '0')}${sps265}`;
/** ftyp, and the box that names device, segment and whose keys open it. */
const encryptedHead =
  '000000106674797069736f3600000000000000eb757569648d1c6b520f474e3a9b65d2703ea154c90048011a34377a3333717831616a683632726b627a316130' +
  '3876796a347700000001046d61696e1a30314b445642573347513254345736593842304431463348354b0000019b76f1645001aaa8fff703b50b22493e82fc74' +
  '464a59268817623d2053c5eb8e2cc4a988b4fee179ec6b010d531d962319353fa63d35b22810168085bcdec1d71e09ba8ecc73946fc60ffe30831a8bab3eacdd' +
  'a6fc5c339b1ad3380c40870000000e6d6f6f76747261636b73';

export async function createTargets(corpus: Corpus): Promise<readonly FuzzTarget[]> {
  const media = await readMedia(corpus.mp4);
  const media265 = await readMedia(corpus.h265Mp4);
  return [
    ...configurationTargets,
    ...boxTargets(corpus, media),
    ...rtpTargets(media, media265),
    ...rtmpTargets(corpus, media265),
    ...rtspTargets(media),
    ...signallingTargets(media),
  ];
}

const configurationTargets: readonly FuzzTarget[] = [
  { name: 'H.264 sequence parameter sets', samples: hex(sps264), parse: parseH264Sps },
  { name: 'H.265 sequence parameter sets', samples: hex(sps265), parse: parseH265Sps },
  { name: 'avcC records', samples: hex(avcC), parse: (bytes) => h264CodecString(bytes) },
  { name: 'hvcC records', samples: hex(hvcC), parse: (bytes) => h265CodecString(bytes) },
  { name: 'av1C records', samples: hex('81080c00'), parse: av1CodecString },
  { name: 'AAC configurations', samples: hex('2b8a0800', '1780181c90', '1190'), parse: parseAudioSpecificConfig },
  { name: 'Opus configurations', samples: hex('000101380000bb80000000'), parse: (bytes) => opusTrack(1, 48_000, bytes) },
  { name: 'the length of Opus packets', samples: hex('fc010203', '0b03aa', 'ff85'), parse: opusPacketSamples },
  { name: 'NAL units with start codes', samples: hex('00000001674200000168ce0000000000016588000003'), parse: annexBToLengthPrefixed },
  { name: 'NAL units with lengths', samples: hex('00000002674200000002658800000001ff'), parse: lengthPrefixedToAnnexB },
];

function boxTargets({ mp4, fragmentedMp4, h265Mp4, jpeg }: Corpus, { tracks, units }: Media): readonly FuzzTarget[] {
  const muxer = new Fmp4Muxer(tracks);
  const init = muxer.initSegment();
  const fragment = muxer.fragment(units, 1);
  const stream = Uint8Array.from(Buffer.concat([init, fragment, fragment]));
  const frames = [
    encodeMediaFrame({ kind: 'init', key: false, track: 0, seq: 0, payload: init }),
    encodeMediaFrame({ kind: 'fragment', key: true, track: 1, seq: 1, payload: fragment }),
  ];
  const start = JSON.stringify({ type: 'stop', sessionId: '01J0000000000000000000000', reason: 'ttl' });
  return [
    { name: 'init segments', samples: [init], parse: parseInitSegment },
    { name: 'fragments', samples: [fragment], parse: (bytes) => parseFragment(bytes, tracks) },
    {
      name: 'streams of boxes',
      samples: [stream, fragmentedMp4],
      parse: (bytes) => inPieces(bytes, new Fmp4Splitter()),
    },
    { name: 'recordings', samples: [stream, fragmentedMp4], parse: checkFragmentedMp4 },
    { name: 'recordings in memory', samples: [stream, fragmentedMp4], parse: readRecordedSegment },
    {
      name: 'recordings that are moved in time',
      samples: [stream, fragmentedMp4],
      parse: (bytes) => moveSegment(bytes.slice(), { atMs: 5_000, sequence: 1 }),
    },
    { name: 'who opens an encrypted recording', samples: hex(encryptedHead), parse: recipientsOf },
    {
      name: 'files and the samples in them',
      samples: [mp4, fragmentedMp4, h265Mp4, stream],
      parse: async (bytes) => {
        const file = await Mp4File.open(bytesReader(bytes));
        for (const { id } of file.tracks) if (file.samples(id).length > 0) await file.readSample(id, 0);
      },
    },
    {
      name: 'frames of a camera that pushes over WebSocket',
      samples: frames,
      parse: (bytes) => {
        const frame = decodeMediaFrame(bytes);
        if (frame?.kind === 'init') parseInitSegment(frame.payload);
        if (frame?.kind === 'fragment') parseFragment(frame.payload, tracks);
      },
    },
    { name: 'messages of a camera that pushes over WebSocket', samples: [utf8(start)], parse: (bytes) => decodeVmFrame(text(bytes)) },
    { name: 'frames of sound for a camera', samples: hex('00000001ffee'), parse: decodeAudioFrame },
    { name: 'the size of JPEG pictures', samples: [jpeg], parse: jpegSize },
  ];
}
