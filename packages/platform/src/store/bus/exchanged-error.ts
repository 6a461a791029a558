import { AppError } from '@cardea/core';
import { conforms, type StatusName, statusTable } from '@cardea/protocol';
import { type Static, Type } from 'typebox';

const statusNames = Object.keys(statusTable) as StatusName[];

/** An AppError as it travels between processes; its cause stays behind. */
const ExchangedError = Type.Object({
  status: Type.Enum(statusNames),
  message: Type.String(),
  details: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  retryAfterMs: Type.Optional(Type.Number()),
  remote: Type.Optional(Type.Object({ code: Type.Number(), message: Type.String(), data: Type.Optional(Type.Unknown()) })),
});

const Answer = Type.Union([Type.Object({ error: ExchangedError }), Type.Object({ result: Type.Optional(Type.Unknown()) })]);
export type Answer = Static<typeof Answer>;

/** The answer that says what was thrown. */
export function refusal(thrown: unknown): Answer {
  const { details, message, remote, retryAfterMs, status } = AppError.from(thrown);
  return {
    error: { status, message, ...(details && { details }), ...(retryAfterMs !== undefined && { retryAfterMs }), ...(remote && { remote }) },
  };
}

/** The result in `answer`. @throws AppError as the other process did; INTERNAL_ERROR for what is no answer */
export function resultOf(answer: unknown): unknown {
  if (!conforms(Answer, answer)) throw new AppError('INTERNAL_ERROR', undefined, { message: 'another process gave no readable answer' });
  if (!('error' in answer)) return answer.result;
  const { details, message, remote, retryAfterMs, status } = answer.error;
  throw new AppError(status, details, { message, ...(remote && { remote }), ...(retryAfterMs !== undefined && { retryAfterMs }) });
}
