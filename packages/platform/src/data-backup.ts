import { constants, existsSync } from 'node:fs';
import { copyFile, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { AppError } from '@cardea/core';
import { lockDataDirectory } from './store/data-lock.ts';
import { isMissing, syncDirectory } from './store/durable-file.ts';
import { assertObjectKey } from './store/objects/object-key.ts';
import { openSqliteReadOnly } from './store/sql/sqlite.ts';

/** How far a copy is. */
export interface CopyProgress {
  readonly files: number;
  readonly bytes: number;
  /** Of the files looked at so far, those that were there from an earlier run. */
  readonly kept: number;
}

export interface CopyOptions {
  /** Ends the copy after the file it is at; running it again goes on from there. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: CopyProgress) => void;
}

const DATABASE = 'cardea.db';
const KEYS = 'keys';
const OBJECTS = 'objects';
/** A copy that is not whole has this behind its name. */
const PART = '.cardea-part';

/**
 * Copies the data of a platform, which may run meanwhile: the catalogue as it is at one moment, and every file it names.
 * What an earlier run copied is not copied again.
 * @throws AppError NOT_FOUND when `data` holds no catalogue; CANCELLED
 */
export async function backupData(data: string, target: string, options: CopyOptions = {}): Promise<CopyProgress> {
  assertData(data);
  await mkdir(target, { recursive: true, mode: 0o700 });
  const copy = new TreeCopy(data, target, options);
  await copy.tree(KEYS);
  // Files first: those that come while they are copied are named by the catalogue that is taken then, and are copied after it.
  await copy.tree(OBJECTS);
  await copyDatabase(data, target);
  await copy.named(await objectsNamedIn(target));
  return copy.progress;
}

/**
 * Puts a backup in the place of a data directory. The catalogue comes last: a restore that was cut short has none, and
 * running it again goes on.
 * @throws AppError NOT_FOUND when `source` is no backup; INVALID_STATE when `data` holds a catalogue, or a platform runs there; CANCELLED
 */
export async function restoreData(source: string, data: string, options: CopyOptions = {}): Promise<CopyProgress> {
  assertData(source);
  await mkdir(data, { recursive: true, mode: 0o700 });
  using _lock = lockDataDirectory(data, { shared: false });
  if (existsSync(join(data, DATABASE))) {
    throw new AppError('INVALID_STATE', { data }, { message: `${data} holds the data of a platform already; move it away first` });
  }
  const copy = new TreeCopy(source, data, options);
  await copy.tree(KEYS);
  await copy.tree(OBJECTS);
  await copyDatabase(source, data);
  return copy.progress;
}

function assertData(directory: string): void {
  if (!existsSync(join(directory, DATABASE))) {
    throw new AppError('NOT_FOUND', { directory }, { message: `there is no Cardea data in ${directory}` });
  }
}

/** With what is in its write-ahead log, and while others write to it. */
async function copyDatabase(from: string, to: string): Promise<void> {
  const part = join(to, DATABASE + PART);
  await rm(part, { force: true });
  const database = new DatabaseSync(join(from, DATABASE), { readOnly: true });
  try {
    await backup(database, part);
  } finally {
    database.close();
  }
  await syncFile(part);
  await rename(part, join(to, DATABASE));
  await syncDirectory(to);
}

/** @throws AppError INVALID_PARAMS when somebody had the catalogue name what lies elsewhere */
async function objectsNamedIn(directory: string): Promise<readonly string[]> {
  const db = openSqliteReadOnly(join(directory, DATABASE));
  try {
    const rows = await db.selectFrom('segment').select('object_key').where('state', '=', 'stored').execute();
    return rows.map(({ object_key: key }) => {
      assertObjectKey(key);
      return join(OBJECTS, key);
    });
  } finally {
    await db.destroy();
  }
}

/** Copies files that never change, each durable and whole or not there at all. */
class TreeCopy {
  private readonly from: string;
  private readonly to: string;
  private readonly options: CopyOptions;
  private counts = { files: 0, bytes: 0, kept: 0 };

  constructor(from: string, to: string, options: CopyOptions) {
    this.from = from;
    this.to = to;
    this.options = options;
  }

  get progress(): CopyProgress {
    return this.counts;
  }

  async tree(name: string): Promise<void> {
    if (!existsSync(join(this.from, name))) return;
    for await (const path of filesBelow(join(this.from, name))) await this.file(relative(this.from, path));
  }

  async named(names: readonly string[]): Promise<void> {
    for (const name of names) if (!existsSync(join(this.to, name))) await this.file(name);
  }

  private async file(name: string): Promise<void> {
    const { onProgress, signal } = this.options;
    if (signal?.aborted === true) throw new AppError('CANCELLED');
    const [source, target] = [join(this.from, name), join(this.to, name)];
    const there = await sizeOf(source);
    // Removed since it was seen: it was too old, or somebody deleted it.
    if (there === undefined) return;
    const kept = (await sizeOf(target)) === there;
    if (!kept) await copyDurably(source, target);
    this.counts = {
      files: this.counts.files + 1,
      bytes: this.counts.bytes + (kept ? 0 : there),
      kept: this.counts.kept + (kept ? 1 : 0),
    };
    onProgress?.(this.counts);
  }
}

async function copyDurably(source: string, target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  const part = target + PART;
  await copyFile(source, part, constants.COPYFILE_FICLONE);
  await syncFile(part);
  await rename(part, target);
  await syncDirectory(dirname(target));
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Whole files, without uploads that are under way and copies that are not whole. */
async function* filesBelow(directory: string): AsyncIterable<string> {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (entry.isFile() && !entry.name.endsWith('.part') && !entry.name.endsWith(PART)) yield path;
  }
}
