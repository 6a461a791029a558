import { visibleText } from '@cardea/platform';

/** What a command prints: answers on stdout, everything else on stderr. What others called something commands no terminal. */
export interface Terminal {
  /** One line on stdout. */
  print(line: string): void;
  /** One line on stderr. */
  note(line: string): void;
}

export const terminal: Terminal = {
  print: (line) => void process.stdout.write(`${visibleText(line)}\n`),
  note: (line) => void process.stderr.write(`${visibleText(line)}\n`),
};

/** Everything on stdin as text, without the line end a shell adds. */
export async function readStandardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}
