import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { createGunzip } from 'node:zlib';
import type { DeviceLog } from '@cardea/api';
import { AppError, type Clock } from '@cardea/core';
import {
  acceptsMembers,
  conforms,
  LogType,
  logTimers,
  type ParamsOf,
  type UploadTicket,
  uploadLog,
  type uploadLogDone,
} from '@cardea/protocol';
import type { DeviceProof } from '../authorization/proof.ts';
import type { Db, Row } from '../store/ports.ts';

/** What the logs need of whoever takes their bytes in. */
export interface LogUploads {
  mint(request: {
    readonly kind: 'log';
    readonly homeId: string;
    readonly deviceId: string;
    readonly reference: string;
    readonly contentType: string;
    readonly maxBytes: number;
    readonly ttlMs: number;
  }): Promise<UploadTicket>;
  onStored(
    kind: 'log',
    listener: (stored: {
      readonly id: string;
      readonly deviceId: string;
      readonly reference: string;
      readonly sizeBytes: number;
    }) => Promise<void>,
  ): void;
  read(upload: { readonly id: string; readonly homeId: string }): Promise<Readable>;
}

export interface DeviceLogsOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly uploads: LogUploads;
}

/** A command of a user, before it is complete. */
interface UnfilledCommand {
  readonly proof: DeviceProof;
  readonly params: Readonly<Record<string, unknown>>;
  readonly missing: readonly string[];
}

interface RefusedCommand extends Pick<UnfilledCommand, 'proof' | 'params'> {
  readonly error: AppError;
}

/** What a ticket depends on. */
const areGiven = acceptsMembers(uploadLog, ['taskId', 'types', 'compress', 'retries', 'retryIntervalSec']);

const MAX_UPLOAD_BYTES = 8 * 1024 * 1024;
const MAX_TEXT_BYTES = 16 * 1024 * 1024;
const LIST_LIMIT = 200;
const DAY_MS = 24 * 60 * 60_000;

/** The logs devices were asked for, and what became of each (B5.29, B5.30, C12). */
export class DeviceLogs {
  private readonly options: DeviceLogsOptions;

  constructor(options: DeviceLogsOptions) {
    this.options = options;
  }

  /** Begins to take logs in; call once, before devices connect. */
  start(): void {
    this.options.uploads.onStored('log', async ({ id, deviceId, reference, sizeBytes }) => {
      await this.ofTask(deviceId, reference).set({ upload_id: id, size_bytes: sizeBytes, state: 'stored' }).execute();
    });
  }

  /**
   * Makes the ticket of a `log.upload` whose sender named none. What is wrong with the params is told by their schema.
   * @throws AppError NOT_BOUND | DUPLICATE (a task of another device)
   */
  async fill({ proof, params, missing }: UnfilledCommand): Promise<{ readonly upload?: UploadTicket }> {
    if (!missing.includes('upload') || !areGiven(params)) return {};
    const { clock, uploads } = this.options;
    const { taskId, compress = 'gzip', retries = logTimers.retriesDefault } = params;
    const { retryIntervalSec = logTimers.retryIntervalDefaultSec } = params;
    const ttlMs = Math.min(retries * retryIntervalSec * 1_000 + logTimers.giveUpMarginMs, DAY_MS);
    const { deviceId, homeId } = proof;
    await this.note(proof, params, clock.now() + ttlMs);
    const contentType = compress === 'gzip' ? 'application/gzip' : 'text/plain';
    const request = { kind: 'log', homeId, deviceId, reference: taskId, contentType, maxBytes: MAX_UPLOAD_BYTES, ttlMs } as const;
    return { upload: await uploads.mint(request) };
  }

  /** The device says how a task ended. A log that came stands, whatever it says. */
  async ended(deviceId: string, { taskId, status, error }: ParamsOf<typeof uploadLogDone>): Promise<void> {
    const state = status === 'uploaded' ? 'failed' : status;
    await this.ofTask(deviceId, taskId)
      .set({ state, error: error?.code ?? null })
      .where('state', '!=', 'stored')
      .execute();
  }

  /** The device does not take the task, or it never heard of it. One that may have is waited for. */
  async refused({ proof, params, error }: RefusedCommand): Promise<void> {
    const { code } = error;
    if (typeof params.taskId !== 'string' || error.status === 'TIMEOUT' || error.status === 'CANCELLED') return;
    await this.ofTask(proof.deviceId, params.taskId).set({ state: 'failed', error: code }).where('state', '=', 'requested').execute();
  }

  /** @returns the device a log is of, if there is that log */
  async deviceOf(id: string): Promise<string | undefined> {
    return (await this.row(id))?.device_id;
  }

  /** The newest logs of a device, newest first. */
  async list({ deviceId, homeId }: DeviceProof<'configure'>): Promise<readonly DeviceLog[]> {
    const rows = await this.options.db
      .selectFrom('device_log')
      .selectAll()
      .where('home_id', '=', homeId)
      .where('device_id', '=', deviceId)
      .orderBy('requested_at', 'desc')
      .orderBy('task_id', 'desc')
      .limit(LIST_LIMIT)
      .execute();
    return rows.map((row) => this.present(row));
  }

  /**
   * The text of a log, at most 16 MiB of it. It is what a device wrote, so it may be anything: bytes that are no text and
   * characters that command a terminal are replaced.
   * @throws AppError NOT_FOUND when there is no such log or its bytes have not come
   */
  async text({ homeId, deviceId }: DeviceProof<'configure'>, id: string): Promise<string> {
    const row = await this.row(id);
    if (row === undefined || row.home_id !== homeId || row.device_id !== deviceId || row.upload_id === null)
      throw new AppError('NOT_FOUND');
    const bytes = await this.options.uploads.read({ id: row.upload_id, homeId });
    return (await readText(bytes)).replace(unprintable, '\uFFFD');
  }

  private async note(
    { deviceId, homeId }: DeviceProof,
    { taskId, types }: Pick<ParamsOf<typeof uploadLog>, 'taskId' | 'types'>,
    giveUpAt: number,
  ): Promise<void> {
    const asked = {
      task_id: taskId,
      home_id: homeId,
      device_id: deviceId,
      types: JSON.stringify(types),
      requested_at: this.options.clock.now(),
    };
    await this.options.db
      .insertInto('device_log')
      .values({ ...asked, state: 'requested', give_up_at: giveUpAt, error: null, upload_id: null, size_bytes: null })
      .onConflict((conflict) => conflict.column('task_id').doNothing())
      .execute();
    if ((await this.row(taskId))?.device_id !== deviceId) throw new AppError('DUPLICATE');
  }

  private present(row: Row<'device_log'>): DeviceLog {
    // A device that never said how it ended is not waited for any longer.
    const givenUp = row.state === 'requested' && row.give_up_at < this.options.clock.now();
    const types: unknown = JSON.parse(row.types);
    return {
      id: row.task_id,
      deviceId: row.device_id,
      types: Array.isArray(types) ? types.filter((type) => conforms(LogType, type)) : [],
      requestedAt: row.requested_at,
      state: givenUp ? 'failed' : row.state,
      ...(row.size_bytes !== null && { sizeBytes: row.size_bytes }),
      ...(row.error !== null && { error: row.error }),
    };
  }

  private row(taskId: string): Promise<Row<'device_log'> | undefined> {
    return this.options.db.selectFrom('device_log').selectAll().where('task_id', '=', taskId).executeTakeFirst();
  }

  private ofTask(deviceId: string, taskId: string) {
    return this.options.db.updateTable('device_log').where('device_id', '=', deviceId).where('task_id', '=', taskId);
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to keep out
const unprintable = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** Unpacks what is packed, and stops at the limit: a small upload may unpack to any size. */
async function readText(source: Readable): Promise<string> {
  const bytes = await buffer(source);
  const packed = bytes[0] === 0x1f && bytes[1] === 0x8b;
  if (!packed) return bytes.toString('utf8');
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  try {
    for await (const chunk of Readable.from([bytes]).pipe(createGunzip())) {
      if (!(chunk instanceof Buffer)) break;
      chunks.push(chunk.subarray(0, MAX_TEXT_BYTES - sizeBytes));
      sizeBytes += chunk.length;
      if (sizeBytes >= MAX_TEXT_BYTES) break;
    }
  } catch {
    // Cut or damaged: what came before is shown.
  }
  return Buffer.concat(chunks).toString('utf8');
}
