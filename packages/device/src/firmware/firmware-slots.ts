import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, type Logger } from '@cardea/core';
import { isMissing, readFileIfPresent, syncDirectory, writeFileDurably } from '../state/durable-file.ts';
import { digestOf, type ImageHeader } from './firmware-image.ts';

type SlotName = 'a' | 'b';

interface SlotImage {
  readonly version: string;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly fault?: 'noBoot' | undefined;
}

interface SlotsRecord {
  readonly active: SlotName;
  readonly images: Readonly<Partial<Record<SlotName, SlotImage>>>;
  /** A new image that has to prove itself before it becomes the active one. */
  readonly trial?: { readonly slot: SlotName; readonly taskId: string; readonly starts: number };
}

const FILE = 'slots.json';
const DIRECTORY = 'slots';
const FIRST: SlotsRecord = { active: 'a', images: {} };
/** A power cut while a new image starts is not its fault; one that never stays up is. */
const MAX_TRIAL_STARTS = 3;

export interface FirmwareSlotsOptions {
  readonly stateDirectory: string;
  /** What runs while a slot holds no image. */
  readonly factoryVersion: string;
  readonly logger: Logger;
}

/**
 * Two places for firmware, as a boot loader sees them: `slots/a`, `slots/b` and `slots.json`, which alone decides what starts
 * and is replaced as a whole. A new image goes to the place that is not active and starts on trial.
 */
export class FirmwareSlots {
  /** Running version. */
  readonly version: string;
  /** False when the running image does not come up. */
  readonly boots: boolean;
  private readonly options: FirmwareSlotsOptions;
  private record: SlotsRecord;

  private constructor(options: FirmwareSlotsOptions, record: SlotsRecord, running: SlotImage | undefined) {
    this.options = options;
    this.record = record;
    this.version = running?.version ?? options.factoryVersion;
    this.boots = running?.fault !== 'noBoot';
  }

  /** Decides what starts: one start of the device. @throws AppError INVALID_STATE when `slots.json` cannot be read */
  static async open(options: FirmwareSlotsOptions): Promise<FirmwareSlots> {
    const { stateDirectory, logger } = options;
    await mkdir(join(stateDirectory, DIRECTORY), { recursive: true });
    const record = await readRecord(stateDirectory);
    const { trial } = record;
    if (trial === undefined) return new FirmwareSlots(options, record, await soundImage(options, record, record.active));
    const onTrial = trial.starts < MAX_TRIAL_STARTS ? await soundImage(options, record, trial.slot) : undefined;
    const next = onTrial === undefined ? withoutTrial(record) : { ...record, trial: { ...trial, starts: trial.starts + 1 } };
    await writeRecord(stateDirectory, next);
    if (onTrial !== undefined) return new FirmwareSlots(options, next, onTrial);
    logger.warn({ taskId: trial.taskId }, 'the new firmware does not start; back to the one before');
    return new FirmwareSlots(options, next, await soundImage(options, next, next.active));
  }

  /** The upgrade whose image runs on trial. */
  get trialTaskId(): string | undefined {
    return this.record.trial?.taskId;
  }

  /** Where an image is put together; also the place of one that is downloaded and not installed. */
  get downloadPath(): string {
    return join(this.options.stateDirectory, DIRECTORY, 'download');
  }

  /** Where the next image goes. */
  get sparePath(): string {
    return this.pathOf(this.spare);
  }

  /** Puts the image at `downloadPath`, or the one that is in the spare slot already, in place to start next, on trial. */
  async install(taskId: string, { version, fault }: ImageHeader, sha256: string): Promise<void> {
    const { stateDirectory } = this.options;
    await rename(this.downloadPath, this.sparePath).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
    await syncDirectory(join(stateDirectory, DIRECTORY));
    const image = { version, sha256, ...(fault !== undefined && { fault }) };
    await this.write({
      ...this.record,
      images: { ...this.record.images, [this.spare]: image },
      trial: { slot: this.spare, taskId, starts: 0 },
    });
  }

  /** The running image has proved itself. */
  async confirm(): Promise<void> {
    const { trial } = this.record;
    if (trial !== undefined) await this.write({ ...withoutTrial(this.record), active: trial.slot });
  }

  /** The next start takes the image before. */
  async rollBack(): Promise<void> {
    await this.write(withoutTrial(this.record));
  }

  async discardDownload(): Promise<void> {
    await rm(this.downloadPath, { force: true });
  }

  private get spare(): SlotName {
    return this.record.active === 'a' ? 'b' : 'a';
  }

  private pathOf(slot: SlotName): string {
    return pathOf(this.options.stateDirectory, slot);
  }

  private async write(record: SlotsRecord): Promise<void> {
    await writeRecord(this.options.stateDirectory, record);
    this.record = record;
  }
}

function pathOf(stateDirectory: string, slot: SlotName): string {
  return join(stateDirectory, DIRECTORY, slot);
}

/** The image of a slot if its bytes are what was installed; an empty slot holds what the device came with. */
async function soundImage(
  { stateDirectory, logger }: FirmwareSlotsOptions,
  { images }: SlotsRecord,
  slot: SlotName,
): Promise<SlotImage | undefined> {
  const image = images[slot];
  if (image === undefined || (await digestOf(pathOf(stateDirectory, slot))) === image.sha256) return image;
  logger.error({ slot, version: image.version }, 'the firmware in this slot is damaged');
  return undefined;
}

function withoutTrial({ active, images }: SlotsRecord): SlotsRecord {
  return { active, images };
}

async function readRecord(stateDirectory: string): Promise<SlotsRecord> {
  const path = join(stateDirectory, FILE);
  const text = await readFileIfPresent(path);
  if (text === undefined) return FIRST;
  try {
    const value: unknown = JSON.parse(text);
    if (isSlotsRecord(value)) return value;
  } catch {
    // Not JSON: the same as any other unreadable content.
  }
  throw new AppError('INVALID_STATE', { file: path }, { message: `${path} is damaged` });
}

function isSlotsRecord(value: unknown): value is SlotsRecord {
  if (!isRecord(value) || !isSlotName(value.active) || !isRecord(value.images)) return false;
  const { images, trial } = value;
  if (![images.a, images.b].every((image) => image === undefined || isImage(image))) return false;
  return (
    trial === undefined ||
    (isRecord(trial) && isSlotName(trial.slot) && typeof trial.taskId === 'string' && typeof trial.starts === 'number')
  );
}

function isImage(value: unknown): value is SlotImage {
  return isRecord(value) && typeof value.version === 'string' && typeof value.sha256 === 'string';
}

function isSlotName(value: unknown): value is SlotName {
  return value === 'a' || value === 'b';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

async function writeRecord(stateDirectory: string, record: SlotsRecord): Promise<void> {
  await writeFileDurably(join(stateDirectory, FILE), `${JSON.stringify(record)}\n`);
}
