import type { Terminal } from './terminal.ts';

/**
 * Resolves at the first SIGINT or SIGTERM, or when `ended` does; the caller then closes in order. A second signal ends the
 * process at once.
 */
export function untilStopped(terminal: Terminal, ended?: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const onSignal = (): void => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
      terminal.note('Stopping');
      clearInterval(keepAlive);
      resolve();
    };
    // Timers of the platform and the agent do not hold the process; this one does until a signal comes.
    const keepAlive = setInterval(() => {}, 2 ** 30);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, onSignal);
    void ended?.then(onSignal);
  });
}
