import { AppError } from '@cardea/core';
import { attributeOf, formatOf, MediaError, parseSdp, type SdpMedia, type SessionDescription, type Track } from '@cardea/media';

/** One media section of an offer, and what of it is used. */
export interface ChosenFormat {
  readonly mid: string;
  readonly payloadType: number;
  /** `a=fmtp` of the answer. */
  readonly parameters: string;
}

/** @throws AppError INVALID_PARAMS when the text is no session description */
export function readOffer(text: string): SessionDescription {
  try {
    return parseSdp(text);
  } catch (error) {
    if (error instanceof MediaError) throw new AppError('INVALID_PARAMS', undefined, { cause: error, message: error.message });
    throw error;
  }
}

/** What of an offer is published here. */
export interface PublishedFormat extends ChosenFormat {
  readonly codec: 'h264' | 'h265';
}

/** The H.264 or H.265 that a publisher which offers this sends; `undefined` when it sends neither. */
export function sentVideo(offer: SessionDescription): PublishedFormat | undefined {
  const formats = formatsOf(offer, 'video', wantsToSend);
  const h264 = formats.find(({ format }) => format.encoding.toUpperCase() === 'H264' && format.parameters['packetization-mode'] === '1');
  const chosen = h264 ?? formats.find(({ format }) => ['H264', 'H265'].includes(format.encoding.toUpperCase()));
  if (chosen === undefined) return undefined;
  const codec = chosen.format.encoding.toUpperCase() === 'H264' ? 'h264' : 'h265';
  return { codec, mid: chosen.mid, payloadType: chosen.payloadType, parameters: parametersOf(chosen.format.parameters) };
}

/** The Opus that a publisher which offers this sends. */
export function sentOpus(offer: SessionDescription): ChosenFormat | undefined {
  const chosen = formatsOf(offer, 'audio', wantsToSend).find(({ format }) => format.encoding.toLowerCase() === 'opus');
  return chosen && { mid: chosen.mid, payloadType: chosen.payloadType, parameters: 'minptime=10;useinbandfec=1' };
}

/** How a viewer that offers this takes H.264 of the track; `undefined` when it does not (RFC 6184 8.2.2). */
export function chooseH264(offer: SessionDescription, track: Track): ChosenFormat | undefined {
  const profile = track.config[1] ?? 0;
  const candidates = formatsOf(offer, 'video', wantsToReceive).filter(
    ({ format }) => format.encoding.toUpperCase() === 'H264' && format.parameters['packetization-mode'] === '1',
  );
  const profileOf = (parameters: Readonly<Record<string, string>>): number =>
    Number.parseInt((parameters['profile-level-id'] ?? '42e01f').slice(0, 2), 16);
  // Decoders take more than they say: where none names the profile of the camera, the usual one serves.
  const chosen = candidates.find(({ format }) => profileOf(format.parameters) === profile) ?? candidates[0];
  if (chosen === undefined) return undefined;
  const { mid, payloadType, format } = chosen;
  const level = format.parameters['profile-level-id'] ?? '42e01f';
  return { mid, payloadType, parameters: `level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=${level}` };
}

/** How a viewer that offers this takes Opus; `undefined` when it does not. */
export function chooseOpus(offer: SessionDescription): ChosenFormat | undefined {
  const chosen = formatsOf(offer, 'audio', wantsToReceive).find(({ format }) => format.encoding.toLowerCase() === 'opus');
  return chosen && { mid: chosen.mid, payloadType: chosen.payloadType, parameters: 'minptime=10;useinbandfec=1' };
}

/**
 * The offer with the end that offers as the client of DTLS. The server chooses how media is enciphered, and ours prefers AES-GCM,
 * which costs a third less than what clients choose (RFC 5763 5, RFC 7714).
 */
export function withDtlsClient(offer: string): string {
  return offer.replaceAll('a=setup:actpass', 'a=setup:active');
}

/** The answer with candidates at which the port is reached from outside, a little less wanted than the near ones (RFC 8839 5.1). */
export function withPublicAddress(answer: string, publicAddress: string): string {
  if (publicAddress === '') return answer;
  return answer.replaceAll(
    /^a=candidate:(\w+) (\d+) (UDP) (\d+) (\d+\.\d+\.\d+\.\d+) (\d+) typ host(.*)$/gim,
    (line, foundation, component, transport, priority, _address, port, rest) =>
      `${line}\r\na=candidate:${foundation}p ${component} ${transport} ${Number(priority) - 1} ${publicAddress} ${port} typ host${rest}`,
  );
}

/** Formats of the sections of a kind that go the wanted way. */
function formatsOf(offer: SessionDescription, kind: 'video' | 'audio', goes: (section: SdpMedia) => boolean) {
  return offer.media
    .filter((section) => section.kind === kind && goes(section))
    .flatMap((section) => {
      const mid = attributeOf(section.attributes, 'mid');
      if (mid === undefined) return [];
      return section.payloadTypes.flatMap((payloadType) => {
        const format = formatOf(section, payloadType);
        return format === undefined ? [] : [{ mid, payloadType: Number(payloadType), format }];
      });
    });
}

function wantsToReceive({ attributes }: SdpMedia): boolean {
  return !attributes.some(({ name }) => name === 'sendonly' || name === 'inactive');
}

function wantsToSend({ attributes }: SdpMedia): boolean {
  return !attributes.some(({ name }) => name === 'recvonly' || name === 'inactive');
}

function parametersOf(parameters: Readonly<Record<string, string>>): string {
  return Object.entries(parameters)
    .filter(([name]) => !name.startsWith('sprop-'))
    .map(([name, value]) => `${name}=${value}`)
    .join(';');
}
