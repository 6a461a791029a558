import { aacTrack } from '../aac.ts';
import type { AudioTrack } from '../access-unit.ts';
import { bytesOfHex } from '../bytes.ts';
import { g711Track } from '../g711.ts';
import { MediaError } from '../media-error.ts';
import { buildOpusConfig, opusSampleRate, opusTrack } from '../opus.ts';
import type { RtpSource } from './rtp-depacketiser.ts';
import type { RtpFormat } from './rtp-format.ts';

/**
 * What a described stream is read with, the other way round of `rtpFormatOf`; `undefined` for one that nothing here reads.
 * Parameter sets that make no sense are left out: they come in band as well.
 */
export function rtpSourceOf(format: RtpFormat, trackId: number): RtpSource | undefined {
  const { clockRate, parameters } = format;
  if (clockRate === 0) return undefined;
  switch (format.encoding.toUpperCase()) {
    case 'H264':
      return { codec: 'h264', trackId, parameterSets: setsIn(parameters['sprop-parameter-sets']) };
    case 'H265': {
      // Decoding order numbers stand in the payloads then (RFC 7798, 4.4.2).
      if (Number(parameters['sprop-max-don-diff'] ?? 0) > 0) return undefined;
      const names = ['sprop-vps', 'sprop-sps', 'sprop-pps'];
      return { codec: 'h265', trackId, parameterSets: names.flatMap((name) => setsIn(parameters[name])) };
    }
    default: {
      const track = soundOf(format, trackId);
      return track && { track };
    }
  }
}

function soundOf({ encoding, clockRate, channels = 1, parameters }: RtpFormat, id: number): AudioTrack | undefined {
  switch (encoding.toUpperCase()) {
    case 'MPEG4-GENERIC':
      return aacOf(parameters, { id, clockRate });
    case 'PCMA':
      return g711Track(id, 'g711a', { sampleRate: clockRate, channels });
    case 'PCMU':
      return g711Track(id, 'g711u', { sampleRate: clockRate, channels });
    case 'OPUS':
      return opusTrack(id, opusSampleRate, buildOpusConfig(parameters['sprop-stereo'] === '1' ? 2 : 1));
    default:
      return undefined;
  }
}

/** RFC 3640, 3.3.6: AAC-hbr, whose headers the depacketiser reads. */
function aacOf(
  parameters: RtpFormat['parameters'],
  { id, clockRate }: { readonly id: number; readonly clockRate: number },
): AudioTrack | undefined {
  const { mode, sizelength, indexlength, indexdeltalength, config = '' } = parameters;
  const isHbr = mode?.toLowerCase() === 'aac-hbr' && sizelength === '13' && indexlength === '3' && indexdeltalength === '3';
  if (!isHbr || !/^([0-9a-f]{2})*$/i.test(config)) return undefined;
  try {
    return aacTrack(id, clockRate, bytesOfHex(config));
  } catch (error) {
    if (error instanceof MediaError) return undefined;
    throw error;
  }
}

function setsIn(list = ''): readonly Uint8Array[] {
  return list.split(',').flatMap((text) => bytesOfBase64(text.trim()));
}

function bytesOfBase64(text: string): readonly Uint8Array[] {
  try {
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    return bytes.length > 2 ? [bytes] : [];
  } catch {
    return [];
  }
}
