import { type FileHandle, open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { readFileIfPresent, writeFileDurably } from './durable-file.ts';

export interface JournalOptions<R> {
  readonly path: string;
  /** Turns one stored value back into a record; `undefined` for what it does not know. */
  readonly decode: (value: unknown) => R | undefined;
}

/**
 * Append-only list of records, one line of JSON each behind its CRC-32. A record is durable when `append` resolves. The end
 * of the file that a crash tore is discarded when it is opened.
 */
export class Journal<R> implements AsyncDisposable {
  private readonly path: string;
  private handle: FileHandle;
  private work: Promise<void> = Promise.resolve();
  private lines: number;

  private constructor(path: string, handle: FileHandle, lines: number) {
    this.path = path;
    this.handle = handle;
    this.lines = lines;
  }

  /** Opens or makes the journal; `records` are what it held, oldest first. */
  static async open<R>({ path, decode }: JournalOptions<R>): Promise<{ journal: Journal<R>; records: readonly R[] }> {
    const text = await readFileIfPresent(path);
    const { records, whole } = readLines(text ?? '', decode);
    // A new one needs a name that survives a power cut, as its records will.
    if (whole !== text) await writeFileDurably(path, whole);
    return { journal: new Journal<R>(path, await open(path, 'a', 0o600), records.length), records };
  }

  /** Lines in the file, counting what later records made void. */
  get lineCount(): number {
    return this.lines;
  }

  /** Resolves when the records are on disk. @throws what the file system says; the journal must then not be used any more */
  append(...records: readonly R[]): Promise<void> {
    return this.serial(async () => {
      await this.handle.appendFile(records.map(toLine).join(''));
      await this.handle.datasync();
      this.lines += records.length;
    });
  }

  /** Replaces everything by `records()`, read when its turn comes. */
  rewrite(records: () => readonly R[]): Promise<void> {
    return this.serial(async () => {
      const kept = records();
      await writeFileDurably(this.path, kept.map(toLine).join(''));
      const old = this.handle;
      this.handle = await open(this.path, 'a', 0o600);
      await old.close();
      this.lines = kept.length;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.work;
    await this.handle.close();
  }

  private serial(action: () => Promise<void>): Promise<void> {
    const result = this.work.then(action);
    this.work = result.catch(() => {});
    return result;
  }
}

function toLine(record: unknown): string {
  const json = JSON.stringify(record);
  return `${checksum(json)} ${json}\n`;
}

function readLines<R>(text: string, decode: (value: unknown) => R | undefined): { records: R[]; whole: string } {
  const records: R[] = [];
  let end = 0;
  for (let next = text.indexOf('\n'); next >= 0; next = text.indexOf('\n', end)) {
    const line = text.slice(end, next);
    const json = line.slice(9);
    if (line.slice(0, 8) !== checksum(json)) break;
    const record = decode(JSON.parse(json));
    if (record !== undefined) records.push(record);
    end = next + 1;
  }
  return { records, whole: text.slice(0, end) };
}

function checksum(json: string): string {
  return crc32(json).toString(16).padStart(8, '0');
}
