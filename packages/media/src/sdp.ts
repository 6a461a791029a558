import { malformed } from './media-error.ts';
import type { RtpFormat } from './rtp/rtp-format.ts';

/** One `a=` line: a property without a colon has an empty value. */
export interface SdpAttribute {
  readonly name: string;
  readonly value: string;
}

/** One `m=` section of a session description. */
export interface SdpMedia {
  /** `audio`, `video` or another. */
  readonly kind: string;
  readonly port: number;
  /** E.g. `RTP/AVP`. */
  readonly protocol: string;
  readonly payloadTypes: readonly string[];
  readonly attributes: readonly SdpAttribute[];
}

/** A session description (RFC 8866): what a receiver needs of it. */
export interface SessionDescription {
  readonly attributes: readonly SdpAttribute[];
  readonly media: readonly SdpMedia[];
}

const maxSdpCharacters = 64 * 1024;
const maxMedia = 32;
const maxAttributes = 1_024;
const maxFormats = 128;

/** Lines of kinds that say nothing here are read past. @throws MediaError OBJECT_MISMATCH */
export function parseSdp(text: string): SessionDescription {
  if (text.length > maxSdpCharacters) throw malformed('a session description longer than allowed');
  const lines = text.split(/\r?\n/).filter((line) => line !== '');
  if (lines[0] !== 'v=0') throw malformed('not a session description');
  const session: SdpAttribute[] = [];
  const media: (SdpMedia & { readonly attributes: SdpAttribute[] })[] = [];
  let count = 0;
  for (const line of lines) {
    if (line.startsWith('m=')) media.push({ ...readMedia(line.slice(2)), attributes: [] });
    if (line.startsWith('a=')) {
      (media.at(-1)?.attributes ?? session).push(readAttribute(line.slice(2)));
      count += 1;
    }
    if (media.length > maxMedia || count > maxAttributes) throw malformed('a session description with more lines than allowed');
  }
  return { attributes: session, media };
}

function readAttribute(text: string): SdpAttribute {
  const colon = text.indexOf(':');
  return colon < 0 ? { name: text, value: '' } : { name: text.slice(0, colon), value: text.slice(colon + 1) };
}

function readMedia(text: string): Omit<SdpMedia, 'attributes'> {
  const [kind = '', port = '', protocol = '', ...payloadTypes] = text.split(' ').filter((part) => part !== '');
  if (!/^\d{1,5}(\/\d{1,3})?$/.test(port) || protocol === '' || payloadTypes.length > maxFormats)
    throw malformed('an m= line without its parts');
  return { kind, port: Number.parseInt(port, 10), protocol, payloadTypes };
}

/** The value of the first attribute of that name. */
export function attributeOf(attributes: readonly SdpAttribute[], name: string): string | undefined {
  return attributes.find((attribute) => attribute.name === name)?.value;
}

/** Payload types that need no map (RFC 3551, table 4), of what is read here. */
const staticMaps: Readonly<Record<string, string>> = { 0: 'PCMU/8000', 8: 'PCMA/8000' };

/** What a payload type of a section stands for; `undefined` when its map is absent or makes no sense. */
export function formatOf({ attributes }: SdpMedia, payloadType: string): RtpFormat | undefined {
  const map = valueFor(attributes, 'rtpmap', payloadType) ?? staticMaps[payloadType];
  const [, encoding, clockRate, channels] = /^([^/ ]{1,64})\/(\d{1,9})(?:\/(\d{1,2}))?$/.exec(map ?? '') ?? [];
  if (encoding === undefined) return undefined;
  const parameters = readParameters(valueFor(attributes, 'fmtp', payloadType) ?? '');
  return { encoding, clockRate: Number(clockRate), ...(channels !== undefined && { channels: Number(channels) }), parameters };
}

function valueFor(attributes: readonly SdpAttribute[], name: string, payloadType: string): string | undefined {
  const prefix = `${payloadType} `;
  return attributes.find((attribute) => attribute.name === name && attribute.value.startsWith(prefix))?.value.slice(prefix.length);
}

function readParameters(text: string): Readonly<Record<string, string>> {
  const parts = text.split(';').map((part) => part.trim());
  const pairs = parts.filter((part) => part !== '').map(readParameter);
  return Object.fromEntries(pairs);
}

/** Names in lower case; values keep theirs, and may hold `=` (base64). */
function readParameter(text: string): readonly [string, string] {
  const equals = text.indexOf('=');
  return equals < 0 ? [text.toLowerCase(), ''] : [text.slice(0, equals).toLowerCase(), text.slice(equals + 1)];
}

/** One stream of RTP in a description. */
export interface SdpStream {
  readonly kind: 'video' | 'audio';
  readonly payloadType: number;
  readonly format: RtpFormat;
  /** After `a=rtpmap` and `a=fmtp`. */
  readonly attributes: readonly SdpAttribute[];
}

/** A description of streams that a server sends (RFC 8866). `name`: what is shown to people; line breaks are left out. */
export function buildSdp(name: string, attributes: readonly SdpAttribute[], streams: readonly SdpStream[]): string {
  const head = ['v=0', 'o=- 0 0 IN IP4 0.0.0.0', `s=${name.replaceAll(/[\r\n]/g, ' ') || ' '}`, 'c=IN IP4 0.0.0.0', 't=0 0'];
  return [...head, ...attributes.map(attributeLine), ...streams.flatMap(streamLines), ''].join('\r\n');
}

function streamLines({ kind, payloadType, format, attributes }: SdpStream): readonly string[] {
  const { encoding, clockRate, channels, parameters } = format;
  const map = `${payloadType} ${encoding}/${clockRate}${channels === undefined ? '' : `/${channels}`}`;
  const pairs = Object.entries(parameters).map(([key, value]) => `${key}=${value}`);
  const fmtp = pairs.length === 0 ? [] : [{ name: 'fmtp', value: `${payloadType} ${pairs.join(';')}` }];
  return [`m=${kind} 0 RTP/AVP ${payloadType}`, ...[{ name: 'rtpmap', value: map }, ...fmtp, ...attributes].map(attributeLine)];
}

function attributeLine({ name, value }: SdpAttribute): string {
  return value === '' ? `a=${name}` : `a=${name}:${value}`;
}
