import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { lstat, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DiskHistory, type Fraction, type Tree, type Unsynced } from './disk-history.ts';

/** Builds the library that watches a process. @returns its path */
export async function buildPowerCut(directory: string): Promise<string> {
  const library = join(directory, 'power-cut.so');
  const source = join(import.meta.dirname, 'power-cut.c');
  await promisify(execFile)('gcc', ['-shared', '-fPIC', '-O2', '-o', library, source, '-ldl', '-lpthread']);
  return library;
}

/** What a process is run with so that the library watches what it does below `root`; a sync takes a millisecond then. */
export function watchedBy(library: string, root: string): Record<string, string> {
  return { LD_PRELOAD: library, POWER_CUT_ROOT: root, POWER_CUT_LOG: logOf(root) };
}

function logOf(root: string): string {
  return `${root}.log`;
}

interface LogEntry {
  /** Where in the log it ends, in bytes. */
  readonly endsAt: number;
  readonly kind: string;
  readonly fields: readonly string[];
  readonly bytes: Uint8Array;
}

/**
 * The disk of a process of which every change is written down. Run the process with `env`; once it has ended, any moment of its life can
 * be the one at which the power goes.
 */
export class PowerCut {
  private readonly root: string;
  private readonly library: string;
  private readonly log: string;
  private readonly begin: DiskHistory;
  private entries: readonly LogEntry[] | undefined;

  private constructor(root: string, library: string, begin: DiskHistory) {
    this.root = root;
    this.library = library;
    this.log = logOf(root);
    this.begin = begin;
  }

  /** What is in the directory now counts as safe. */
  static async over({ root, library }: { readonly root: string; readonly library: string }): Promise<PowerCut> {
    await mkdir(root, { recursive: true });
    const begin = new DiskHistory();
    await hold(begin, root, '');
    await rm(logOf(root), { force: true });
    return new PowerCut(root, library, begin);
  }

  get env(): Record<string, string> {
    return watchedBy(this.library, this.root);
  }

  /** The moment it is, to be compared with those of `moments`: whatever was done before is in the log before it. */
  now(): number {
    return statSync(this.log).size;
  }

  /** Every moment something was done, once the process has ended. */
  async moments(): Promise<readonly number[]> {
    return (await this.read()).map(({ endsAt }) => endsAt);
  }

  /**
   * What the disk holds when the power goes at each of `moments`, which ascend; all of one run, or none more afterwards.
   * @param unsynced what becomes of what was not synced
   */
  async *cuts(moments: readonly { readonly at: number; readonly unsynced: Unsynced }[], fraction: Fraction): AsyncIterable<Tree> {
    const entries = await this.read();
    let next = 0;
    for (const { at, unsynced } of moments) {
      for (let entry = entries[next]; entry !== undefined && entry.endsAt <= at; entry = entries[next]) {
        apply(this.begin, entry, next);
        next += 1;
      }
      yield this.begin.after(unsynced, fraction);
    }
  }

  private async read(): Promise<readonly LogEntry[]> {
    this.entries ??= parse(await readFile(this.log));
    return this.entries;
  }
}

/** Makes a directory that holds what `tree` does. */
export async function writeTree(tree: Tree, target: string): Promise<void> {
  await mkdir(target, { recursive: true, mode: 0o700 });
  for (const [name, content] of tree) {
    // Shared memory is no file.
    if (name.endsWith('-shm')) continue;
    if (content instanceof Map) await writeTree(content, join(target, name));
    else await writeFile(join(target, name), content, { mode: 0o600 });
  }
}

async function hold(history: DiskHistory, root: string, path: string): Promise<void> {
  for (const entry of await readdir(join(root, path), { withFileTypes: true })) {
    const inside = `${path}/${entry.name}`;
    if (entry.isDirectory()) {
      history.holdDirectory(inside);
      await hold(history, root, inside);
    } else history.holdFile(inside, String((await lstat(join(root, inside))).ino), await readFile(join(root, inside)));
  }
}

/** An entry that was cut short by the end of the process was never acted on. */
function parse(log: Buffer): readonly LogEntry[] {
  const entries: LogEntry[] = [];
  for (let at = 0; ; ) {
    const lineEnd = log.indexOf(0x0a, at);
    if (lineEnd < 0) return entries;
    const line = log.toString('utf8', at, lineEnd);
    const kind = line.slice(0, 1);
    const fields = line.slice(2).split(kind === 'N' || kind === 'D' ? '\0' : ' ');
    const endsAt = lineEnd + 1 + (kind === 'W' ? Number(fields[2]) : 0);
    if (endsAt > log.length) return entries;
    entries.push({ endsAt, kind, fields, bytes: log.subarray(lineEnd + 1, endsAt) });
    at = endsAt;
  }
}

type Applying = (history: DiskHistory, entry: number, fields: readonly [string, string], bytes: Uint8Array) => void;

const applying: Readonly<Record<string, Applying>> = {
  C: (history, entry, [inode, path]) => history.make(entry, path, inode),
  W: (history, entry, [inode, offset], bytes) => history.write(entry, inode, Number(offset), bytes),
  T: (history, entry, [inode, length]) => history.resize(entry, inode, Number(length)),
  N: (history, entry, [from, to]) => history.rename(entry, from, to),
  U: (history, entry, [path]) => history.remove(entry, path),
  M: (history, entry, [path]) => history.make(entry, path),
  S: (history, _entry, [inode, since]) => history.syncFile(inode, Number(since)),
  D: (history, _entry, [path, since]) => history.syncDirectory(path, Number(since)),
};

function apply(history: DiskHistory, { kind, fields: [one = '', two = ''], bytes }: LogEntry, entry: number): void {
  const change = applying[kind];
  if (change === undefined) throw new TypeError(`no such entry: ${kind}`);
  change(history, entry, [one, two], bytes);
}
