import { ApiProblem } from '@cardea/api';
import { hasStatus } from '@cardea/core';
import type { Terminal } from './terminal.ts';

/** Says on stderr what went wrong: one sentence, or the problem as JSON. */
export function reportFailure(thrown: unknown, { json, terminal }: { readonly json: boolean; readonly terminal: Terminal }): void {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const problem = thrown instanceof ApiProblem ? thrown : { message };
  terminal.note(json ? JSON.stringify(problem) : `cardea: ${message}`);
}

/** Whether a flag has a value that cannot be. */
export function isBadFlag(thrown: unknown): boolean {
  return hasStatus(thrown, 'INVALID_PARAMS') && String(thrown.details?.where).startsWith('--');
}
