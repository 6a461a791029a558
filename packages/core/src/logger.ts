import { type Logger as PinoLogger, pino } from 'pino';
import { visibleText } from './visible-text.ts';

/** Structured log: constant message, values as fields. Never credentials, tokens, full URLs or frames. */
export type Logger = Pick<PinoLogger, 'debug' | 'info' | 'warn' | 'error'> & { child(fields: Record<string, unknown>): Logger };

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** Takes lines of JSON as they are made, one at each call. */
export interface LogSink {
  write(line: string): void;
}

/** JSON lines on stderr, so that stdout stays for what a command answers; `sink` gets those from `info` on as well, whatever `level` is. */
export function createLogger(level: LogLevel, sink?: LogSink): Logger {
  const options = { base: null, timestamp: pino.stdTimeFunctions.epochTime };
  const destination = pino.destination(2);
  // Devices and people name things, and somebody reads the log in a terminal.
  const stderr: LogSink = { write: (line) => void destination.write(visibleText(line)) };
  if (sink === undefined) return pino({ ...options, level }, stderr);
  const toSink = { level: 'info', stream: sink } as const;
  const streams = level === 'silent' ? [toSink] : [{ level, stream: stderr }, toSink];
  return pino({ ...options, level: level === 'debug' ? 'debug' : 'info' }, pino.multistream(streams));
}

/** Says nothing; for tests. */
export const silentLogger: Logger = pino({ level: 'silent' });
