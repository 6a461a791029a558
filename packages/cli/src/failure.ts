import { ApiProblem } from '@cardea/api';
import type { Terminal } from './terminal.ts';

const FAILURE = 1;

export function exitStatusOf(_thrown: unknown): number {
  return FAILURE;
}

/** Says on stderr what went wrong: one sentence, or the problem as JSON. */
export function reportFailure(thrown: unknown, { json, terminal }: { readonly json: boolean; readonly terminal: Terminal }): void {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (!json) return terminal.note(`cardea: ${message}`);
  terminal.note(JSON.stringify(thrown instanceof ApiProblem ? thrown : { message }));
}
