import { ApiProblem } from '@cardea/api';
import type { ParseKeys } from 'i18next';
import { MediaEnded } from '../player/media-ended.ts';

type ProblemKey = Extract<ParseKeys, `problem.${string}`>;

/** Codes of the error table that have a sentence of their own. */
const keyByCode: ReadonlyMap<number, ProblemKey> = new Map<number, ProblemKey>([
  [-32601, 'problem.notSupported'],
  [1003, 'problem.notSupported'],
  [1004, 'problem.busy'],
  [1005, 'problem.timeout'],
  [1007, 'problem.gone'],
  [1009, 'problem.limit'],
  [1010, 'problem.limit'],
  [1011, 'problem.battery'],
  [1012, 'problem.private'],
  [1013, 'problem.upgrading'],
  [1014, 'problem.unreachable'],
  [1015, 'problem.asleep'],
  [1016, 'problem.offline'],
  [1102, 'problem.sessions'],
  [1103, 'problem.push'],
  [1104, 'problem.push'],
  [1107, 'problem.sessions'],
  [1202, 'problem.presetsFull'],
  [1204, 'problem.moving'],
  [1205, 'problem.moving'],
]);

const ALREADY_ACTIVE = 1008;
const LOW_BATTERY = 1011;
const PRIVACY_MODE = 1012;
const LIMIT_REACHED = 1200;

/** Why a camera itself stops to send pictures, by the reason the platform gives to those who watch. */
const codeByReason: ReadonlyMap<string, number> = new Map([
  ['LOW_BATTERY', LOW_BATTERY],
  ['PRIVACY_MODE', PRIVACY_MODE],
]);

/** Which sentence of the catalogue says what went wrong and what to do. */
export function problemKey(cause: unknown): ProblemKey {
  const known = keyByCode.get(codeOf(cause) ?? 0);
  if (known !== undefined) return known;
  if (!(cause instanceof ApiProblem)) return 'problem.media';
  if (cause.status === 0) return 'problem.unreachable';
  if (cause.status === 403) return 'problem.forbidden';
  return cause.status === 404 ? 'problem.gone' : 'problem.unexpected';
}

/** What someone who looks after the platform wants to know: name and code. */
export function problemDetails(cause: unknown): string {
  if (cause instanceof ApiProblem) return `${cause.name} (${codeOf(cause)}), HTTP ${cause.status}: ${cause.detail}`;
  return cause instanceof Error ? cause.message : String(cause);
}

export function isPrivacyMode(cause: unknown): boolean {
  return codeOf(cause) === PRIVACY_MODE;
}

/** It would take the keys that only members hold. */
export function isEncrypted(cause: unknown): boolean {
  return cause instanceof ApiProblem && cause.details?.encryption !== undefined;
}

/** Somebody else does the same thing at the moment. */
export function isTaken(cause: unknown): boolean {
  return codeOf(cause) === ALREADY_ACTIVE;
}

/** The password was right, and a code is asked for besides, or the one given is wrong. */
export function needsCode(cause: unknown): boolean {
  return cause instanceof ApiProblem && cause.details?.secondFactor === true;
}

/** The head of the camera stands at its end. */
export function isAtEnd(cause: unknown): boolean {
  return codeOf(cause) === LIMIT_REACHED;
}

function codeOf(cause: unknown): number | undefined {
  if (cause instanceof MediaEnded) return codeByReason.get(cause.reason);
  return cause instanceof ApiProblem ? (cause.deviceError ?? cause.code) : undefined;
}
