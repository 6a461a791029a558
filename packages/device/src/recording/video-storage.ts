import type { AppError, Logger, Random } from '@cardea/core';
import { vrTimers } from '@cardea/protocol';
import type { Camera } from '../camera.ts';
import type { CameraStreams } from '../camera-streams.ts';
import type { Configuration } from '../configuration.ts';
import type { DeviceClock } from '../device-clock.ts';
import { Disk } from '../disk/disk.ts';
import type { PlatformHttp } from '../net/platform-http.ts';
import type { EventQueue } from '../vd/event-queue.ts';
import { Recording } from './recording.ts';
import type { RecordingEncryption } from './recording-encryption.ts';
import { RecordingSync } from './recording-sync.ts';
import { includesSide, type RecordSide } from './segment-entry.ts';
import type { SegmentRing } from './segment-ring.ts';
import type { StatementSigner } from './segment-upload.ts';
import { SegmentUploader } from './segment-uploader.ts';
import { StreamRecorder } from './stream-recorder.ts';
import { UploadStatistics } from './upload-statistics.ts';
import { type VideoServiceAccess, VideoServiceClient } from './video-service-client.ts';

export interface VideoStorageOptions {
  readonly camera: Camera;
  readonly streams: CameraStreams;
  readonly config: Configuration;
  readonly ring: SegmentRing;
  readonly events: Pick<EventQueue, 'publish'>;
  readonly access: VideoServiceAccess;
  readonly identity: StatementSigner;
  readonly encryption: RecordingEncryption;
  readonly http: PlatformHttp;
  readonly isBound: () => boolean;
  /** Ends what reads the disk when it cannot be read any more. */
  readonly onVacate: (error: AppError) => void;
  readonly clock: DeviceClock;
  readonly random: Random;
  readonly logger: Logger;
}

const sides: readonly RecordSide[] = ['local', 'cloud'];

/** Everything between the streams of the camera and the video service: recording, the disk, uploading. */
export class VideoStorage {
  readonly recording: Recording;
  readonly uploader: SegmentUploader;
  readonly disk: Disk;
  readonly sync: RecordingSync;
  private readonly ring: SegmentRing;

  constructor(options: VideoStorageOptions) {
    const { camera, streams, config, ring, events, access, identity, encryption, http, isBound, onVacate, clock, random, logger } = options;
    this.ring = ring;
    const client = new VideoServiceClient({ access, http, clock });
    let targetSegmentSec: number = vrTimers.targetSegmentSec;
    this.uploader = new SegmentUploader({
      ring,
      client,
      statistics: new UploadStatistics(clock.now()),
      onAnnounced: (taskId, segmentId) => this.recording.announced(taskId, segmentId),
      identity,
      mayUpload: () => isBound() && access.current !== undefined,
      onInformation: ({ plan, limits }) => {
        targetSegmentSec = limits.targetSegmentSec;
        this.recording.setPlan(plan);
      },
      clock,
      random,
      logger,
    });
    const recorders = camera.channels.flatMap(({ channel, streams: encodings }) =>
      encodings.map(
        ({ name }) =>
          new StreamRecorder({
            channel,
            stream: name,
            reader: streams.reader(channel, name),
            ring,
            targetSegmentSec: () => targetSegmentSec,
            withAudio: (target) => sides.every((side) => !includesSide(target, side) || config.flag(`record.${side}.audio`, channel)),
            encryption,
            onRecorded: () => this.recorded(),
            onFailed: (error) => this.disk.failed(error),
            clock,
            random,
            logger,
          }),
      ),
    );
    this.disk = new Disk({
      ring,
      config,
      events,
      vacate: async (error) => {
        onVacate(error);
        await this.recording.settle();
        void this.uploader.withdraw();
      },
      onChange: () => this.recording.update(),
      clock,
      logger,
    });
    this.recording = new Recording({ recorders, config, disk: this.disk, isBound: () => isBound() && encryption.isReady, clock });
    this.sync = new RecordingSync(ring, () => this.uploader.wake());
  }

  /** Uploads and reports until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.uploader.run(signal), this.uploader.runReports(signal)]);
  }

  /** Forgets everything recorded. */
  async clear(): Promise<void> {
    await this.recording.settle();
    await this.ring.clear();
  }

  /** Ends all recording, for good; resolves when it is on disk. */
  async close(): Promise<void> {
    this.disk[Symbol.dispose]();
    await this.disk.settle();
    await this.recording.close();
  }

  /** Follows the configuration. */
  update(): void {
    this.disk.update();
    this.recording.update();
  }

  private recorded(): void {
    this.disk.update();
    this.uploader.wake();
  }
}
