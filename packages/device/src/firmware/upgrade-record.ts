import { join } from 'node:path';
import { AppError } from '@cardea/core';
import { conforms, type ParamsOf, UpgradeStatus, upgradeFirmware } from '@cardea/protocol';
import { readFileIfPresent, writeFileDurably } from '../state/durable-file.ts';

export type UpgradeOrder = ParamsOf<typeof upgradeFirmware>;

/** The latest upgrade: what was asked for and how far it is. */
export interface UpgradeTask extends Readonly<Pick<UpgradeStatus, 'state' | 'progressPct' | 'error' | 'updatedAt'>> {
  readonly order: UpgradeOrder;
}

const FILE = 'upgrade.json';

/** Keeps the latest upgrade over restarts: `upgrade.json`. */
export class UpgradeRecord {
  private readonly path: string;
  private present: UpgradeTask | undefined;
  private writing: Promise<void> = Promise.resolve();

  private constructor(path: string, task: UpgradeTask | undefined) {
    this.path = path;
    this.present = task;
  }

  /** @throws AppError INVALID_STATE when the file is there and unreadable */
  static async open(stateDirectory: string): Promise<UpgradeRecord> {
    const path = join(stateDirectory, FILE);
    const text = await readFileIfPresent(path);
    return new UpgradeRecord(path, text === undefined ? undefined : decode(text, path));
  }

  get task(): UpgradeTask | undefined {
    return this.present;
  }

  /** Replaces the task at once; resolves when it is on disk. */
  async set(task: UpgradeTask): Promise<void> {
    this.present = task;
    const write = this.writing.then(() => writeFileDurably(this.path, `${JSON.stringify(this.present)}\n`));
    this.writing = write.catch(() => {});
    await write;
  }

  /** Progress is worth telling, not worth a write. */
  setProgress(progressPct: number, updatedAt: number): void {
    if (this.present !== undefined) this.present = { ...this.present, progressPct, updatedAt };
  }
}

function decode(text: string, path: string): UpgradeTask {
  try {
    const value: unknown = JSON.parse(text);
    if (isUpgradeTask(value)) return value;
  } catch {
    // Not JSON: the same as any other unreadable content.
  }
  throw new AppError('INVALID_STATE', { file: path }, { message: `${path} is damaged` });
}

function isUpgradeTask(value: unknown): value is UpgradeTask {
  if (typeof value !== 'object' || value === null || !('order' in value)) return false;
  return conforms(upgradeFirmware.params, value.order) && conforms(UpgradeStatus, { ...value, currentVersion: '' });
}
