import type { Logger, Random } from '@cardea/core';
import { vrTimers } from '@cardea/protocol';
import type { Camera } from '../camera.ts';
import type { CameraStreams } from '../camera-streams.ts';
import type { Configuration } from '../configuration.ts';
import type { DeviceClock } from '../device-clock.ts';
import type { PlatformHttp } from '../net/platform-http.ts';
import { CloudRecording } from './cloud-recording.ts';
import type { SegmentBacklog } from './segment-backlog.ts';
import { SegmentUploader } from './segment-uploader.ts';
import { StreamRecorder } from './stream-recorder.ts';
import { UploadStatistics } from './upload-statistics.ts';
import { type VideoServiceAccess, VideoServiceClient } from './video-service-client.ts';

export interface VideoStorageOptions {
  readonly camera: Camera;
  readonly streams: CameraStreams;
  readonly config: Configuration;
  readonly backlog: SegmentBacklog;
  readonly access: VideoServiceAccess;
  readonly http: PlatformHttp;
  readonly isBound: () => boolean;
  readonly clock: DeviceClock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Everything between the streams of the camera and the video service: recording, the backlog on disk, uploading. */
export class VideoStorage {
  readonly recording: CloudRecording;
  readonly uploader: SegmentUploader;
  private readonly backlog: SegmentBacklog;

  constructor(options: VideoStorageOptions) {
    const { camera, streams, config, backlog, access, http, isBound, clock, random, logger } = options;
    this.backlog = backlog;
    const client = new VideoServiceClient({ access, http, clock });
    let targetSegmentSec: number = vrTimers.targetSegmentSec;
    this.uploader = new SegmentUploader({
      backlog,
      client,
      statistics: new UploadStatistics(clock.now()),
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
            backlog,
            targetSegmentSec: () => targetSegmentSec,
            withAudio: () => config.flag('record.cloud.audio', channel),
            onRecorded: () => this.uploader.wake(),
            clock,
            random,
            logger,
          }),
      ),
    );
    this.recording = new CloudRecording({ recorders, config, isBound, clock });
  }

  /** Uploads and reports until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.uploader.run(signal), this.uploader.runReports(signal)]);
  }

  /** Forgets what is not uploaded yet. */
  async clear(): Promise<void> {
    await this.recording.settle();
    await this.backlog.clear();
  }
}
