import type { CopyOptions, CopyProgress } from '@cardea/platform';
import type { Command } from 'commander';
import { ProgressLine } from './progress-line.ts';
import { terminal, wantsJson } from './terminal.ts';

const SHOWN_EVERY_FILES = 20;

/** Runs a long copy: shows how far it is where somebody looks, and ends after the file it is at when told to. */
export async function runCopy(work: (options: CopyOptions) => Promise<CopyProgress>): Promise<CopyProgress> {
  const end = new AbortController();
  const onSignal = (): void => end.abort();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, onSignal);
  using line = new ProgressLine();
  try {
    return await work({
      signal: end.signal,
      onProgress: (progress) => {
        if (progress.files % SHOWN_EVERY_FILES === 0) line.show(lineOf(progress));
      },
    });
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.removeListener(signal, onSignal);
  }
}

/** The outcome, for people or for programs. */
export function printCopy(progress: CopyProgress, { json, command }: { readonly json: true | undefined; readonly command: Command }): void {
  const asJson = wantsJson({ json }, command);
  terminal.print(asJson ? JSON.stringify(progress) : lineOf(progress));
}

function lineOf({ files, bytes, kept }: CopyProgress): string {
  return `${files} files, ${kept} of them there already; ${(bytes / 1e6).toFixed(1)} MB copied`;
}
