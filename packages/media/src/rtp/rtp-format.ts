import { parseAudioSpecificConfig } from '../aac.ts';
import type { Track } from '../access-unit.ts';
import { hexOf } from '../bytes.ts';
import { MediaError } from '../media-error.ts';
import { h264Scheme, h265Scheme } from './nal-scheme.ts';

/** How a track is named in a session description. */
export interface RtpFormat {
  /** Encoding name of the registry, e.g. `H264`. */
  readonly encoding: string;
  /** Ticks per second of the RTP timestamps. */
  readonly clockRate: number;
  /** Only for audio of more than one channel, and for Opus. */
  readonly channels?: number;
  /** Parameters of `a=fmtp`; empty when there is none. */
  readonly parameters: Readonly<Record<string, string>>;
}

const videoClockRate = 90_000;

/** @throws MediaError CODEC_UNSUPPORTED | OBJECT_MISMATCH */
export function rtpFormatOf(track: Track): RtpFormat {
  switch (track.codec) {
    case 'h264':
      return { encoding: 'H264', clockRate: videoClockRate, parameters: h264Parameters(track.config) };
    case 'h265':
      return { encoding: 'H265', clockRate: videoClockRate, parameters: h265Parameters(track.config) };
    case 'aac':
      return aacFormat(track.config, track.channels);
    case 'opus':
      // Always two channels in the map; what is sent is told apart by stereo parameters (RFC 7587, 7).
      return { encoding: 'opus', clockRate: 48_000, channels: 2, parameters: track.channels > 1 ? { 'sprop-stereo': '1' } : {} };
    case 'g711a':
      return { encoding: 'PCMA', clockRate: track.sampleRate, parameters: {}, ...severalChannels(track.channels) };
    case 'g711u':
      return { encoding: 'PCMU', clockRate: track.sampleRate, parameters: {}, ...severalChannels(track.channels) };
    default:
      throw new MediaError('CODEC_UNSUPPORTED', `no RTP payload format for ${track.codec}`);
  }
}

function severalChannels(channels: number): { readonly channels?: number } {
  return channels > 1 ? { channels } : {};
}

/** RFC 6184, 8.1. */
function h264Parameters(config: Uint8Array): Record<string, string> {
  const sets = h264Scheme.parameterSetsOf(config);
  return {
    'packetization-mode': '1',
    'profile-level-id': hexOf(config.subarray(1, 4)),
    'sprop-parameter-sets': sets.map(base64Of).join(','),
  };
}

/** RFC 7798, 7.1. */
function h265Parameters(config: Uint8Array): Record<string, string> {
  const sets = h265Scheme.parameterSetsOf(config);
  const ofType = (type: number): string =>
    sets
      .filter((nalUnit) => h265Scheme.typeOf(nalUnit) === type)
      .map(base64Of)
      .join(',');
  return { 'sprop-vps': ofType(32), 'sprop-sps': ofType(33), 'sprop-pps': ofType(34) };
}

/** RFC 3640, 4.1: mode AAC-hbr. The clock is that of the frames' samples, 1024 each. */
function aacFormat(config: Uint8Array, channels: number): RtpFormat {
  const parameters = {
    'profile-level-id': '1',
    streamtype: '5',
    mode: 'AAC-hbr',
    sizelength: '13',
    indexlength: '3',
    indexdeltalength: '3',
    config: hexOf(config),
  };
  return { encoding: 'MPEG4-GENERIC', clockRate: parseAudioSpecificConfig(config).sampleRate, channels, parameters };
}

function base64Of(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
