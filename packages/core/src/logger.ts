import { type Logger as PinoLogger, pino } from 'pino';

/** Structured log: constant message, values as fields. Never credentials, tokens, full URLs or frames. */
export type Logger = Pick<PinoLogger, 'debug' | 'info' | 'warn' | 'error'> & { child(fields: Record<string, unknown>): Logger };

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** JSON lines on stderr, so that stdout stays for what a command answers. */
export function createLogger(level: LogLevel): Logger {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.epochTime }, pino.destination(2));
}

/** Says nothing; for tests. */
export const silentLogger: Logger = pino({ level: 'silent' });
