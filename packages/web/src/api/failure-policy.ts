import { ApiProblem } from '@cardea/api';

const MAX_REPEATS = 2;

/** Whether a read is tried again. A refusal is an answer; only what may pass is repeated. */
export function isWorthRepeating(failures: number, error: unknown): boolean {
  return failures < MAX_REPEATS && error instanceof ApiProblem && (error.status === 0 || error.status >= 500);
}

/** The session is over. */
export function endsLogin(error: unknown): boolean {
  return error instanceof ApiProblem && error.status === 401;
}
