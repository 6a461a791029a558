import { ErrorData, type WireError } from './model/error-data.ts';
import { type StatusName, statusNameOf, statusTable } from './status.ts';
import { vdLimits } from './timers.ts';
import { utf8Length } from './utf8-length.ts';
import { conforms } from './validate.ts';

/** Id of a request, chosen by its sender; each sender has its own ids. */
export type RpcId = string | number;
export type RpcParams = object;

/** An error object as received: `data` may be missing when the sender is not of this profile. */
export type RpcError = Omit<WireError, 'data'> & { readonly data?: ErrorData };

export interface RequestEnvelope {
  readonly kind: 'request';
  readonly id: RpcId;
  readonly method: string;
  readonly params: RpcParams;
}
export interface NotificationEnvelope {
  readonly kind: 'notification';
  readonly method: string;
  readonly params: RpcParams;
}
export interface SuccessEnvelope {
  readonly kind: 'success';
  readonly id: RpcId;
  readonly result: unknown;
}
/** `id` is `null` when the sender could not tell which request it refuses. */
export interface ErrorEnvelope {
  readonly kind: 'error';
  readonly id: RpcId | null;
  readonly error: RpcError;
}

/** One message of Vd: JSON-RPC 2.0 without batches and with params by name only (B3). */
export type Envelope = RequestEnvelope | NotificationEnvelope | SuccessEnvelope | ErrorEnvelope;

/**
 * A text that is no envelope. Answer it with an error of `status` and `id`; when `id` is `undefined` answer nothing, since
 * it was a notification or an answer. The connection stays open; more than `maxMalformedPerMin` close it with 1002.
 */
export interface Malformed {
  readonly kind: 'malformed';
  readonly status: Extract<StatusName, 'PARSE_ERROR' | 'INVALID_REQUEST' | 'INVALID_PARAMS'>;
  readonly reason: string;
  readonly id: RpcId | null | undefined;
}

const MAX_ID_CHARS = 128;
const MAX_METHOD_CHARS = 128;

/** Shorter than an object with too many members: each takes a name, a colon, a value and a comma. */
const SHORT_CHARS = 5 * vdLimits.maxKeysPerObject;

const QUOTE = 0x22;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

const malformed = (status: Malformed['status'], reason: string, id: Malformed['id']): Malformed => ({
  kind: 'malformed',
  status,
  reason,
  id,
});

/** The refusal of a text in which no request can be made out: JSON-RPC wants it to carry the id `null`. */
const unreadable = (status: Malformed['status'], reason: string): Malformed => malformed(status, reason, null);

/**
 * Reads one text message of Vd. Never throws, whatever the text.
 * Refused before parsing: more than 64 KiB, nesting above 16, an object with more than 256 members.
 */
export function decodeEnvelope(text: string): Envelope | Malformed {
  const excess = excessOf(text);
  if (excess !== undefined) return unreadable('INVALID_REQUEST', excess);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return unreadable('PARSE_ERROR', 'not JSON');
  }
  if (Array.isArray(value)) return unreadable('INVALID_REQUEST', 'batches are not taken');
  if (!isObject(value)) return unreadable('INVALID_REQUEST', 'not an object');
  const isAnswer = 'result' in value || 'error' in value;
  if (value.jsonrpc !== '2.0') return malformed('INVALID_REQUEST', 'jsonrpc is not 2.0', isAnswer ? undefined : null);
  return 'method' in value ? decodeCall(value) : decodeAnswer(value);
}

/** The text of `envelope` as it goes over the wire. */
export function encodeEnvelope(envelope: Envelope): string {
  return JSON.stringify(membersOf(envelope));
}

function membersOf(envelope: Envelope): object {
  const jsonrpc = '2.0';
  switch (envelope.kind) {
    case 'request':
      return { jsonrpc, id: envelope.id, method: envelope.method, params: envelope.params };
    case 'notification':
      return { jsonrpc, method: envelope.method, params: envelope.params };
    case 'success':
      return { jsonrpc, id: envelope.id, result: envelope.result };
    case 'error':
      return { jsonrpc, id: envelope.id, error: envelope.error };
  }
}

/** The error object for `name`: code, wording and retryable come from the table. */
export function wireErrorOf(name: StatusName, extra: Pick<ErrorData, 'retryAfterMs' | 'details'> = {}, message?: string): WireError {
  const { code, meaning, retryable } = statusTable[name];
  return { code, message: message ?? meaning, data: { name, retryable, ...extra } };
}

/** The name behind an error object: of its code if the table has it, else UNSPECIFIED. */
export function statusNameOfError(error: RpcError): StatusName {
  return statusNameOf(error.code) ?? 'UNSPECIFIED';
}

function decodeCall(value: Readonly<Record<string, unknown>>): Envelope | Malformed {
  const { id, method, params = {} } = value;
  if (typeof method !== 'string' || method === '' || method.length > MAX_METHOD_CHARS) {
    return unreadable('INVALID_REQUEST', 'method is not a name');
  }
  if ('result' in value || 'error' in value) return unreadable('INVALID_REQUEST', 'both a request and an answer');
  if (id !== undefined && !isRpcId(id)) return unreadable('INVALID_REQUEST', 'id is neither a string nor an integer');
  if (!isObject(params)) return malformed('INVALID_PARAMS', 'params is not an object', id);
  return id === undefined ? { kind: 'notification', method, params } : { kind: 'request', id, method, params };
}

function decodeAnswer(value: Readonly<Record<string, unknown>>): Envelope | Malformed {
  const hasResult = 'result' in value;
  const hasError = 'error' in value;
  if (!hasResult && !hasError) return unreadable('INVALID_REQUEST', 'neither method nor result nor error');
  // An answer is never answered, or two peers could keep each other busy with complaints.
  const wrong = (reason: string): Malformed => malformed('INVALID_REQUEST', reason, undefined);
  if (hasResult && hasError) return wrong('both result and error');
  const id = value.id;
  if (hasResult) return isRpcId(id) ? { kind: 'success', id, result: value.result } : wrong('an answer without an id');
  if (id !== null && !isRpcId(id)) return wrong('an answer without an id');
  const error = decodeError(value.error);
  return error === undefined ? wrong('error is not an error object') : { kind: 'error', id, error };
}

function decodeError(value: unknown): RpcError | undefined {
  if (!isObject(value)) return undefined;
  const { code, message, data } = value;
  if (typeof code !== 'number' || !Number.isSafeInteger(code) || typeof message !== 'string') return undefined;
  return conforms(ErrorData, data) ? { code, message, data } : { code, message };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isRpcId(value: unknown): value is RpcId {
  return typeof value === 'string' ? value.length <= MAX_ID_CHARS : Number.isSafeInteger(value);
}

/** What is too much in `text`, told without parsing it, so that a hostile text costs one pass and no objects. */
function excessOf(text: string): string | undefined {
  if (text.length < SHORT_CHARS && opensIn(text) <= vdLimits.maxDepth) return undefined;
  if (utf8Length(text) > vdLimits.maxMessageBytes) return 'longer than 64 KiB';
  const members: number[] = [];
  for (let index = 0; index < text.length; index += 1) {
    switch (text.charCodeAt(index)) {
      case QUOTE:
        index = endOfString(text, index);
        break;
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        if (members.push(0) > vdLimits.maxDepth) return 'nested too deeply';
        break;
      case CLOSE_OBJECT:
      case CLOSE_ARRAY:
        members.pop();
        break;
      case COLON: {
        const count = (members.pop() ?? 0) + 1;
        if (count > vdLimits.maxKeysPerObject) return 'too many members';
        members.push(count);
        break;
      }
    }
  }
  return undefined;
}

/** Opening brackets, also those in strings. */
function opensIn(text: string): number {
  return occurrences(text, '{') + occurrences(text, '[');
}

function occurrences(text: string, char: string): number {
  let count = 0;
  for (let index = text.indexOf(char); index >= 0; index = text.indexOf(char, index + 1)) count += 1;
  return count;
}

/** Index of the closing quote of the string that opens at `start`, or the end of the text. */
function endOfString(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index += 1) {
    const char = text.charCodeAt(index);
    if (char === QUOTE) return index;
    if (char === BACKSLASH) index += 1;
  }
  return text.length;
}
