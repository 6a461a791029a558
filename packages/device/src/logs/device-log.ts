import { appendFileSync } from 'node:fs';
import { appendFile, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@cardea/core';
import type { LogType } from '@cardea/protocol';
import { isMissing } from '../state/durable-file.ts';
import { scrub } from './scrub.ts';

export interface DeviceLogOptions {
  readonly stateDirectory: string;
  readonly clock: Clock;
  /** Size at which a file is put aside. */
  readonly maxFileBytes?: number;
}

/** Which lines are wanted; instants are Unix milliseconds and both inclusive. */
export interface LogSelection {
  readonly types: readonly LogType[];
  readonly fromAt?: number | undefined;
  readonly toAt?: number | undefined;
}

const FILE = 'device.log';
/** There while the device runs: found at a start, it says that the last run did not end in order. */
const RUNNING = 'running';
const MAX_FILE_BYTES = 512 * 1024;
const OLD_FILES = 3;
const MAX_WAITING_LINES = 1_000;
const MAX_LINE_CHARS = 8_192;
const ERROR_LEVEL = 50;
const FATAL_LEVEL = 60;

/**
 * What the device writes about itself, kept over restarts in the newest 2 MiB of `logs/` and free of credentials. A line is
 * of the type its `log` member names, else `system`; `crash` is what is known of runs that ended badly.
 */
export class DeviceLog implements AsyncDisposable {
  private readonly directory: string;
  private readonly clock: Clock;
  private readonly maxFileBytes: number;
  private readonly onCrash = (error: Error): void => this.recordCrash(error);
  private waiting: string[] = [];
  private flushing: Promise<void> = Promise.resolve();
  private sizeBytes = 0;

  private constructor({ stateDirectory, clock, maxFileBytes = MAX_FILE_BYTES }: DeviceLogOptions) {
    this.directory = join(stateDirectory, 'logs');
    this.clock = clock;
    this.maxFileBytes = maxFileBytes;
  }

  static async open(options: DeviceLogOptions): Promise<DeviceLog> {
    const log = new DeviceLog(options);
    await mkdir(log.directory, { recursive: true, mode: 0o700 });
    log.sizeBytes = await sizeOf(log.pathOf(0));
    if (await exists(log.markPath)) log.write(log.crashLine('the last run of the device did not end in order'));
    await writeFile(log.markPath, '', { mode: 0o600 });
    process.on('uncaughtExceptionMonitor', log.onCrash);
    return log;
  }

  /** Bytes on disk, about. */
  async sizeOnDisk(): Promise<number> {
    let bytes = 0;
    for (let age = 0; age <= OLD_FILES; age += 1) bytes += await sizeOf(this.pathOf(age));
    return bytes;
  }

  /** Takes a line of JSON, as a logger makes it. Never blocks and never fails: what a full disk refuses is lost. */
  write(line: string): void {
    if (this.waiting.length >= MAX_WAITING_LINES) return;
    this.waiting.push(scrub(line.length > MAX_LINE_CHARS ? shortened(line) : line));
    if (this.waiting.length === 1) this.flushing = this.flushing.then(() => this.flush()).catch(() => {});
  }

  /** The wanted lines, oldest first. */
  async lines({ types, fromAt = 0, toAt = Number.POSITIVE_INFINITY }: LogSelection): Promise<string[]> {
    await this.flushing;
    const wanted: string[] = [];
    for (let age = OLD_FILES; age >= 0; age -= 1) {
      const text = await readFile(this.pathOf(age), 'utf8').catch(() => '');
      for (const line of text.split('\n')) {
        const told = judge(line);
        if (told !== undefined && types.includes(told.type) && told.at >= fromAt && told.at <= toAt) wanted.push(line);
      }
    }
    return wanted;
  }

  /** The run ends in order. */
  async [Symbol.asyncDispose](): Promise<void> {
    process.off('uncaughtExceptionMonitor', this.onCrash);
    await this.flushing;
    await rm(this.markPath, { force: true });
  }

  private get markPath(): string {
    return join(this.directory, RUNNING);
  }

  private pathOf(age: number): string {
    return join(this.directory, age === 0 ? FILE : `${FILE}.${age}`);
  }

  private async flush(): Promise<void> {
    while (this.waiting.length > 0) {
      const text = this.waiting.map((line) => (line.endsWith('\n') ? line : `${line}\n`)).join('');
      this.waiting = [];
      if (this.sizeBytes >= this.maxFileBytes) await this.rotate();
      await appendFile(this.pathOf(0), text, { mode: 0o600 });
      this.sizeBytes += Buffer.byteLength(text);
    }
  }

  private async rotate(): Promise<void> {
    for (let age = OLD_FILES; age > 0; age -= 1) {
      await rename(this.pathOf(age - 1), this.pathOf(age)).catch((error: unknown) => {
        if (!isMissing(error)) throw error;
      });
    }
    this.sizeBytes = 0;
  }

  /** The process is about to end: there is no time for anything but to write at once. */
  private recordCrash(error: Error): void {
    try {
      appendFileSync(this.pathOf(0), `${scrub(this.crashLine(error.stack ?? error.message))}\n`, { mode: 0o600 });
    } catch {
      // The disk may be what brought the device down.
    }
  }

  private crashLine(msg: string): string {
    return JSON.stringify({ level: ERROR_LEVEL, time: this.clock.now(), log: 'crash', msg });
  }
}

function judge(line: string): { readonly type: LogType; readonly at: number } | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null || !('time' in value) || typeof value.time !== 'number') return undefined;
    const fatal = 'level' in value && typeof value.level === 'number' && value.level >= FATAL_LEVEL;
    return { type: fatal ? 'crash' : typeOf('log' in value ? value.log : undefined), at: value.time };
  } catch {
    // Torn when the power went.
    return undefined;
  }
}

function typeOf(named: unknown): LogType {
  return named === 'network' || named === 'media' || named === 'security' || named === 'crash' ? named : 'system';
}

/** Still JSON, with what is known to be short. */
function shortened(line: string): string {
  const told = judge(line);
  return JSON.stringify({ level: ERROR_LEVEL, time: told?.at ?? 0, log: told?.type, msg: line.slice(0, MAX_LINE_CHARS / 4), cut: true });
}

async function sizeOf(path: string): Promise<number> {
  return await stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
