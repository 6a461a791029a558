import { join } from 'node:path';
import { AppError } from '@cardea/core';
import { readFileIfPresent, writeFileDurably } from './durable-file.ts';

/** What the device knows of the home it belongs to. */
export interface BindingRecord {
  readonly bindingId?: string;
  readonly boundAt: number;
  /** What to erase when it ends. */
  readonly unbindAction?: 'none' | 'wipeConfig' | 'wipeAll';
}

/** The access server that worked last. */
export interface AccessRecord {
  readonly urls: string[];
  readonly token: string;
  readonly tokenExpiresAt: number;
  readonly keepAliveSec: number;
}

/** A start the device knew of before it went down. */
export interface PlannedStart {
  readonly reason: 'reboot' | 'upgrade' | 'reset' | 'wake';
  readonly upgradeTaskId?: string;
}

/** A reboot that was asked for, and when it was to happen. */
export interface RebootTask {
  readonly taskId: string;
  readonly rebootAt: number;
}

export interface DeviceRecord {
  /** Rises with every change of `config`. */
  readonly configVersion: number;
  /** Values that differ from the default; keys of a channel are `channel/key`. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly binding?: BindingRecord | undefined;
  /** The platform said to schedule there from now on. */
  readonly vsUrl?: string | undefined;
  readonly access?: AccessRecord | undefined;
  /** Why the device starts next; gone once it has. */
  readonly plannedStart?: PlannedStart | undefined;
  /** The newest tasks: one that is repeated restarts nothing. */
  readonly rebootTasks?: readonly RebootTask[];
}

const FILE = 'config.json';
const FIRST: DeviceRecord = { configVersion: 0, config: {} };

/** What a device keeps over a restart beside its key and its recordings: `config.json`, replaced as a whole. */
export class DeviceStore {
  private readonly path: string;
  private present: DeviceRecord;
  private writing: Promise<void> = Promise.resolve();

  private constructor(path: string, record: DeviceRecord) {
    this.path = path;
    this.present = record;
  }

  /** @throws AppError INVALID_STATE when the file is there and unreadable: a binding is never lost silently */
  static async open(stateDirectory: string): Promise<DeviceStore> {
    const path = join(stateDirectory, FILE);
    const text = await readFileIfPresent(path);
    return new DeviceStore(path, text === undefined ? FIRST : decode(text, path));
  }

  get record(): DeviceRecord {
    return this.present;
  }

  /** Changes members at once; resolves when they are on disk. */
  async update(change: Partial<DeviceRecord>): Promise<void> {
    this.present = { ...this.present, ...change };
    const write = this.writing.then(() => writeFileDurably(this.path, `${JSON.stringify(this.present, null, 2)}\n`));
    this.writing = write.catch(() => {});
    await write;
  }
}

function decode(text: string, path: string): DeviceRecord {
  try {
    const value: unknown = JSON.parse(text);
    if (isDeviceRecord(value)) return value;
  } catch {
    // Not JSON: the same as any other unreadable content.
  }
  throw new AppError('INVALID_STATE', { file: path }, { message: `${path} is damaged` });
}

function isDeviceRecord(value: unknown): value is DeviceRecord {
  if (!isRecord(value) || typeof value.configVersion !== 'number' || !isRecord(value.config)) return false;
  const { binding, access, vsUrl } = value;
  if (binding !== undefined && !(isRecord(binding) && typeof binding.boundAt === 'number')) return false;
  if (vsUrl !== undefined && typeof vsUrl !== 'string') return false;
  return access === undefined || (isRecord(access) && Array.isArray(access.urls) && typeof access.token === 'string');
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
