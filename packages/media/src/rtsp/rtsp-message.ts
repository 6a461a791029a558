import { malformed } from '../media-error.ts';

interface MessageParts {
  /** Names in lower case; of a name that came twice the values joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface RtspRequest extends MessageParts {
  readonly kind: 'request';
  /** As written, e.g. `DESCRIBE`. */
  readonly method: string;
  readonly url: string;
}

export interface RtspResponse extends MessageParts {
  readonly kind: 'response';
  readonly statusCode: number;
  readonly reason: string;
}

/** RTP or RTCP amid the messages of a connection (RFC 2326, 10.12). */
export interface InterleavedFrame {
  readonly kind: 'interleaved';
  readonly channel: number;
  readonly payload: Uint8Array;
}

export type RtspMessage = RtspRequest | RtspResponse;

/** Bounds on what a peer may send; beyond them input is malformed. */
export const rtspLimits = { headBytes: 8 * 1024, headers: 64, bodyBytes: 16 * 1024 } as const;

const requestLine = /^([A-Z_]{1,20}) (\S{1,2048}) RTSP\/1\.[0-9]$/;
const statusLine = /^RTSP\/1\.[0-9] ([1-9][0-9]{2}) ?([^\r\n]*)$/;
const headerLine = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64})[ \t]*:[ \t]*(.*?)[ \t]*$/;

/** Everything of a message but its body. */
export type RtspHead = Omit<RtspRequest, 'body'> | Omit<RtspResponse, 'body'>;

/** Reads the lines of a message before the empty one (RFC 2326, 4.2, 6, 7). @throws MediaError OBJECT_MISMATCH */
export function parseRtspHead(text: string): RtspHead {
  const [first = '', ...lines] = text.split(/\r?\n/);
  if (lines.length > rtspLimits.headers) throw malformed('more RTSP header lines than allowed');
  const headers = readHeaders(lines);
  const [, method, url] = requestLine.exec(first) ?? [];
  if (method !== undefined && url !== undefined) return { kind: 'request', method, url, headers };
  const [, statusCode, reason = ''] = statusLine.exec(first) ?? [];
  if (statusCode === undefined) throw malformed('neither an RTSP request nor an RTSP response');
  return { kind: 'response', statusCode: Number(statusCode), reason, headers };
}

function readHeaders(lines: readonly string[]): Readonly<Record<string, string>> {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name, value] = headerLine.exec(line) ?? [];
    if (name === undefined || value === undefined) throw malformed('an RTSP header line without a name');
    const key = name.toLowerCase();
    const before = headers.get(key);
    headers.set(key, before === undefined ? value : `${before}, ${value}`);
  }
  return Object.fromEntries(headers);
}

/** How many bytes follow the head. @throws MediaError OBJECT_MISMATCH when it says none that is allowed */
export function bodyBytesOf({ headers }: RtspHead): number {
  const text = headers['content-length'] ?? '0';
  const length = /^\d{1,6}$/.test(text) ? Number(text) : rtspLimits.bodyBytes + 1;
  if (length > rtspLimits.bodyBytes) throw malformed('an RTSP body of a length that is not allowed');
  return length;
}

export interface RtspMessageContent {
  /** Names as they shall stand; values without line breaks. */
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body?: string;
}

/** The bytes of a response; the length of its body is added. */
export function buildRtspResponse(statusCode: number, reason: string, content: RtspMessageContent): Uint8Array {
  return buildMessage(`RTSP/1.0 ${statusCode} ${reason}`, content);
}

/** The bytes of a request; the length of its body is added. */
export function buildRtspRequest(method: string, url: string, content: RtspMessageContent): Uint8Array {
  return buildMessage(`${method} ${url} RTSP/1.0`, content);
}

function buildMessage(firstLine: string, { headers, body = '' }: RtspMessageContent): Uint8Array {
  const bodyBytes = new TextEncoder().encode(body);
  const all = bodyBytes.length === 0 ? headers : { ...headers, 'Content-Length': bodyBytes.length };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${String(value).replaceAll(/[\r\n]/g, ' ')}\r\n`);
  const head = new TextEncoder().encode(`${firstLine}\r\n${lines.join('')}\r\n`);
  const message = new Uint8Array(head.length + bodyBytes.length);
  message.set(head);
  message.set(bodyBytes, head.length);
  return message;
}
