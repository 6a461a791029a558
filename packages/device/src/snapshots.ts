import { createHash } from 'node:crypto';
import { AppError, sleep } from '@cardea/core';
import { jpegSize } from '@cardea/media';
import { type ParamsOf, type ResultOf, type snapshot, snapshotLimits, type UploadTicket } from '@cardea/protocol';
import type { CameraChannel, Picture } from './camera.ts';
import type { DeviceClock } from './device-clock.ts';
import { putObject } from './net/put-object.ts';

export interface SnapshotsOptions {
  readonly channel: (channel: number) => CameraChannel;
  readonly isPrivate: (channel: number) => boolean;
  readonly clock: DeviceClock;
}

type CaptureParams = ParamsOf<typeof snapshot>;
type CaptureResult = ResultOf<typeof snapshot>;
type Image = CaptureResult['images'][number];
export type PictureWish = Pick<CaptureParams, 'channel' | 'stream' | 'width' | 'height' | 'quality'>;

const MIN_INTERVAL_MS = snapshotLimits.intervalMinMs;
const QUALITY_STEPS = [60, 40, 20, 5];
const NARROW_WIDTH = 640;

/** Still pictures: taking them, and bringing them where they are wanted (B5.22, C14). */
export class Snapshots {
  private readonly options: SnapshotsOptions;

  constructor(options: SnapshotsOptions) {
    this.options = options;
  }

  /** Answers snapshot.capture; a picture that failed does not fail the others. @throws AppError PRIVACY_MODE | NOT_SUPPORTED | INVALID_PARAMS */
  async capture(params: CaptureParams, signal: AbortSignal): Promise<CaptureResult> {
    const { count = 1, uploads = [], inline = false, intervalMs = MIN_INTERVAL_MS } = params;
    this.takerOf(params.channel);
    if (inline ? count !== 1 : uploads.length < count)
      throw new AppError('INVALID_PARAMS', { problems: ['one ticket for each picture, or inline with count 1'] });
    const images: Image[] = [];
    for (let index = 0; index < count; index += 1) {
      if (index > 0) await sleep(this.options.clock, intervalMs, { signal });
      images.push(await this.image(params, index, signal));
    }
    return { images };
  }

  /** One picture now. @throws AppError PRIVACY_MODE | NOT_SUPPORTED | CHANNEL_NOT_FOUND | STREAM_NOT_FOUND | CAPTURE_FAILED */
  async take(
    { channel, stream = 'main', width, height, quality = snapshotLimits.qualityDefault }: PictureWish,
    signal: AbortSignal,
  ): Promise<Picture> {
    const takePicture = this.takerOf(channel);
    if (!this.options.channel(channel).streams.some(({ name }) => name === stream)) throw new AppError('STREAM_NOT_FOUND', { stream });
    const size = { ...(width !== undefined && { width }), ...(height !== undefined && { height }) };
    return await takePicture({ stream, quality, ...size }, { signal, clock: this.options.clock });
  }

  /** Puts a picture at its ticket. @throws AppError TICKET_EXPIRED | UPLOAD_FAILED */
  async put(jpeg: Uint8Array, ticket: UploadTicket, signal: AbortSignal): Promise<void> {
    await putObject(jpeg, ticket, 'image/jpeg', signal);
  }

  private takerOf(channel: number): NonNullable<CameraChannel['takePicture']> {
    const { takePicture } = this.options.channel(channel);
    if (takePicture === undefined) throw new AppError('NOT_SUPPORTED');
    if (this.options.isPrivate(channel)) throw new AppError('PRIVACY_MODE');
    return takePicture;
  }

  /** Never rejects, unless the connection ended meanwhile. */
  private async image(params: CaptureParams, index: number, signal: AbortSignal): Promise<Image> {
    try {
      if (params.inline === true) return await this.inlineImage(params, index, signal);
      const picture = await this.take(params, signal);
      const ticket = params.uploads?.[index];
      if (ticket === undefined) throw new AppError('UPLOAD_FAILED');
      await this.put(picture.jpeg, ticket, signal);
      return { ...describe(picture, index), status: 'uploaded' };
    } catch (error) {
      if (signal.aborted) throw error;
      const { code } = AppError.from(error);
      return { index, capturedAt: this.options.clock.now(), width: 0, height: 0, sizeBytes: 0, sha256: '', status: 'failed', error: code };
    }
  }

  /** Lowers the quality, then the size, until the picture fits into the answer. */
  private async inlineImage(params: CaptureParams, index: number, signal: AbortSignal): Promise<Image> {
    const first = params.quality ?? snapshotLimits.qualityDefault;
    const tries: PictureWish[] = [first, ...QUALITY_STEPS.filter((quality) => quality < first)].map((quality) => ({ ...params, quality }));
    if (params.width === undefined && params.height === undefined) tries.push({ ...params, quality: 20, width: NARROW_WIDTH });
    for (const wish of tries) {
      const picture = await this.take(wish, signal);
      if (picture.jpeg.length > snapshotLimits.inlineMaxBytes) continue;
      return { ...describe(picture, index), status: 'inline', dataB64: Buffer.from(picture.jpeg).toString('base64') };
    }
    throw new AppError('CAPTURE_FAILED', { reason: 'too large for an answer' });
  }
}

function describe({ jpeg, capturedAt }: Picture, index: number): Omit<Image, 'status'> {
  const { width, height } = jpegSize(jpeg) ?? { width: 0, height: 0 };
  return { index, capturedAt, width, height, sizeBytes: jpeg.length, sha256: createHash('sha256').update(jpeg).digest('hex') };
}
