import { visibleText } from '@cardea/core';
import type { Command } from 'commander';

/** What a command prints: answers on stdout, everything else on stderr. What others called something commands no terminal. */
export interface Terminal {
  /** One line on stdout. */
  print(line: string): void;
  /** A value as JSON on stdout: for people over several lines, for programs in one. */
  printJson(value: unknown): void;
  /** One line on stderr. */
  note(line: string): void;
}

export const terminal: Terminal = {
  print: (line) => void process.stdout.write(`${visibleText(line)}\n`),
  printJson: (value) => terminal.print(JSON.stringify(value, undefined, process.stdout.isTTY ? 2 : 0)),
  note: (line) => void process.stderr.write(`${visibleText(line)}\n`),
};

/** Whether the answer is wanted as JSON: `--json` stands before or after the name of the command. */
export function wantsJson({ json }: { readonly json?: true | undefined }, command: Command): boolean {
  return json === true || command.optsWithGlobals<{ json?: true }>().json === true;
}

/** Everything on stdin as text, without the line end a shell adds. */
export async function readStandardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}
