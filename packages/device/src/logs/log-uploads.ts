import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { AppError, Lifetime, type Logger, sleep, withDeadline } from '@cardea/core';
import { logTimers, type ParamsOf, type ResultOf, type uploadLog, uploadLogDone } from '@cardea/protocol';
import type { DeviceClock } from '../device-clock.ts';
import { putObject } from '../net/put-object.ts';
import type { EventQueue } from '../vd/event-queue.ts';
import type { DeviceLog } from './device-log.ts';

export interface LogUploadsOptions {
  /** Absent: the device keeps no logs. */
  readonly log: DeviceLog | undefined;
  readonly events: Pick<EventQueue, 'publish'>;
  readonly clock: DeviceClock;
  readonly logger: Logger;
}

type UploadParams = ParamsOf<typeof uploadLog>;
type Done = ParamsOf<typeof uploadLogDone>;
type Outcome = Pick<Done, 'status' | 'files' | 'error'>;

const compress = promisify(gzip);
const PUT_MS = 60_000;

/** Brings logs to the platform, one task at a time (B5.29, B5.30, C12). */
export class LogUploads implements AsyncDisposable {
  private readonly options: LogUploadsOptions;
  private readonly lifetime: Lifetime;
  private running: string | undefined;

  constructor(options: LogUploadsOptions) {
    this.options = options;
    this.lifetime = new Lifetime(options.logger);
  }

  /** Answers log.upload; the end is told as an event. @throws AppError NO_LOGS | TICKET_EXPIRED | BUSY (with the running task) */
  async start(params: UploadParams): Promise<ResultOf<typeof uploadLog>> {
    const { clock, log } = this.options;
    const { taskId, upload } = params;
    if (log === undefined) throw new AppError('NO_LOGS');
    if (upload.expiresAt <= clock.now()) throw new AppError('TICKET_EXPIRED');
    if (this.running !== undefined && this.running !== taskId) throw new AppError('BUSY', { taskId: this.running });
    if (this.running === undefined) {
      this.running = taskId;
      this.lifetime.run('upload of logs', (signal) => this.carryOut(params, log, signal));
    }
    return { accepted: true, taskId, estimatedBytes: await log.sizeOnDisk() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lifetime[Symbol.asyncDispose]();
  }

  private async carryOut(params: UploadParams, log: DeviceLog, signal: AbortSignal): Promise<void> {
    const { events, logger } = this.options;
    const outcome = await this.upload(params, log, signal).catch((error: unknown): Outcome => {
      const { code, status } = AppError.from(error);
      if (signal.aborted) return { status: 'cancelled', files: [] };
      logger.warn({ err: error }, 'logs could not be uploaded');
      return { status: 'failed', files: [], error: { code, name: status } };
    });
    this.running = undefined;
    await events.publish(uploadLogDone, { taskId: params.taskId, ...outcome });
  }

  private async upload(params: UploadParams, log: DeviceLog, signal: AbortSignal): Promise<Outcome> {
    const { types, compress: form = 'gzip', retries = logTimers.retriesDefault, upload } = params;
    const { retryIntervalSec = logTimers.retryIntervalDefaultSec } = params;
    const bytes = await withDeadline(this.options.clock, logTimers.collectMs, () => collect(params, log), { signal });
    if (bytes === undefined) return { status: 'noLogs', files: [] };
    const type = form === 'gzip' ? 'application/gzip' : 'text/plain';
    for (let tried = 0; ; tried += 1) {
      try {
        await withDeadline(this.options.clock, PUT_MS, (ending) => putObject(bytes, upload, type, ending), { signal });
        break;
      } catch (error) {
        const { status } = AppError.from(error);
        if (signal.aborted || status === 'TICKET_EXPIRED' || tried >= retries) throw error;
        await sleep(this.options.clock, retryIntervalSec * 1_000, { signal });
      }
    }
    const name = `${types.length === 1 ? types[0] : 'device'}.log${form === 'gzip' ? '.gz' : ''}`;
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return { status: 'uploaded', files: [{ name, type: [...new Set(types)].join(','), sizeBytes: bytes.length, sha256 }] };
  }
}

/** The wanted lines as they are sent; the oldest are left out until the rest is small enough. `undefined`: there is nothing. */
async function collect(params: UploadParams, log: DeviceLog): Promise<Uint8Array | undefined> {
  const { compress: form = 'gzip', maxBytes = Number.POSITIVE_INFINITY, upload } = params;
  const limit = Math.min(maxBytes, upload.maxBytes ?? Number.POSITIVE_INFINITY);
  let lines = await log.lines(params);
  while (lines.length > 0) {
    const text = Buffer.from(`${lines.join('\n')}\n`);
    const bytes = form === 'gzip' ? await compress(text) : text;
    if (bytes.length <= limit) return bytes;
    lines = lines.slice(Math.ceil(lines.length / 2));
  }
  return undefined;
}
