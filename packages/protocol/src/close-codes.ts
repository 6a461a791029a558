/** What a device does when its Vd connection is closed with a code (C3 step 2). */
export type CloseReaction =
  /** Same address list, with back-off. */
  | 'retry'
  /** Ask the scheduling service at once. */
  | 'schedule'
  /** Ask the scheduling service after 30 min. */
  | 'scheduleLater'
  /** Ask the scheduling service after 60 s: another connection of this device took over. */
  | 'scheduleAfterReplacement'
  /** Ask the scheduling service once a day. */
  | 'scheduleDaily'
  /** Switch off. */
  | 'powerDown'
  /** Forget binding, tokens and server, and go to pairing. */
  | 'forget';

export interface CloseCode {
  readonly code: number;
  readonly meaning: string;
  readonly reaction: CloseReaction;
}

const entry = (code: number, reaction: CloseReaction, meaning: string): CloseCode => ({ code, reaction, meaning });

/** Close codes of Vd (B3). 1000-1012 are those of RFC 6455 and its registry; 40xx are project choices. */
export const closeCodes = {
  NORMAL: entry(1000, 'retry', 'normal end'),
  GOING_AWAY: entry(1001, 'retry', 'the sender goes away or sleeps'),
  PROTOCOL_ERROR: entry(1002, 'retry', 'the protocol was violated, e.g. ten malformed messages in a minute'),
  UNSUPPORTED_DATA: entry(1003, 'retry', 'a binary message'),
  ABNORMAL: entry(1006, 'retry', 'lost without a close frame; never sent'),
  INVALID_TEXT: entry(1007, 'retry', 'a text message that is not UTF-8'),
  POLICY_VIOLATION: entry(1008, 'retry', 'the receiver does not want what was sent'),
  TOO_BIG: entry(1009, 'retry', 'a message above 64 KiB'),
  INTERNAL_ERROR: entry(1011, 'retry', 'the sender failed in a way it did not foresee'),
  SERVICE_RESTART: entry(1012, 'retry', 'the server starts again'),
  AUTH_FAILED: entry(4001, 'schedule', 'the credential does not hold'),
  TOKEN_EXPIRED: entry(4002, 'schedule', 'the schedule ran out'),
  DEVICE_DISABLED: entry(4003, 'scheduleLater', 'the device is disabled'),
  UNKNOWN_DEVICE: entry(4004, 'scheduleLater', 'this platform does not admit the device'),
  KEEPALIVE_TIMEOUT: entry(4008, 'schedule', 'no keep-alive in time'),
  REPLACED: entry(4009, 'scheduleAfterReplacement', 'a newer connection of the same device'),
  RESCHEDULE: entry(4010, 'schedule', 'the device has to use another server'),
  VERSION_UNSUPPORTED: entry(4012, 'scheduleDaily', 'no common profile'),
  SHUTDOWN_REQUESTED: entry(4013, 'powerDown', 'the device has to switch off'),
  DELETED: entry(4014, 'forget', 'the device was unbound'),
  RATE_LIMITED: entry(4029, 'retry', 'too many messages'),
} as const satisfies Record<string, CloseCode>;

export type CloseCodeName = keyof typeof closeCodes;

const reactions: ReadonlyMap<number, CloseReaction> = new Map(Object.values(closeCodes).map(({ code, reaction }) => [code, reaction]));

/** What a device does after a close with `code`; a code outside the table is treated like a lost connection. */
export function closeReactionTo(code: number): CloseReaction {
  return reactions.get(code) ?? 'retry';
}
