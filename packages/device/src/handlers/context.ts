import type { Logger } from '@cardea/core';
import type { CapabilitySet } from '@cardea/protocol';
import type { Alarms } from '../alarms/alarms.ts';
import type { Binding } from '../binding.ts';
import type { Boot } from '../boot.ts';
import type { Camera, CameraChannel } from '../camera.ts';
import type { Configuration } from '../configuration.ts';
import type { DeviceClock } from '../device-clock.ts';
import type { Disk } from '../disk/disk.ts';
import type { Upgrades } from '../firmware/upgrades.ts';
import type { LiveSessions } from '../live/live-sessions.ts';
import type { LogUploads } from '../logs/log-uploads.ts';
import type { Playbacks } from '../playback/playbacks.ts';
import type { Power } from '../power/power.ts';
import type { Recording } from '../recording/recording.ts';
import type { RecordingSync } from '../recording/recording-sync.ts';
import type { SegmentRing } from '../recording/segment-ring.ts';
import type { Restarts } from '../restarts.ts';
import type { Snapshots } from '../snapshots.ts';
import type { Talks } from '../talk/talks.ts';
import type { Connection } from '../vd/connection.ts';

/** What the handlers work with; each one takes what it needs. */
export interface HandlerContext {
  readonly camera: Camera;
  /** @throws AppError CHANNEL_NOT_FOUND */
  readonly channel: (channel: number) => CameraChannel;
  /** The camera of the channel sends what it should. */
  readonly isChannelOnline: (channel: number) => boolean;
  readonly boot: Boot;
  readonly capabilities: () => CapabilitySet;
  readonly config: Configuration;
  readonly binding: Binding;
  readonly connection: Pick<Connection, 'reschedule'>;
  readonly restarts: Restarts;
  readonly upgrades: Upgrades;
  /** Restarts one channel; returns how long it will be away, in milliseconds. */
  readonly restartChannel: (channel: number) => number;
  readonly power: Power;
  readonly logs: LogUploads;
  readonly live: LiveSessions;
  readonly recording: Recording;
  readonly disk: Disk;
  readonly ring: SegmentRing;
  readonly sync: RecordingSync;
  readonly playbacks: Playbacks;
  readonly snapshots: Snapshots;
  readonly talks: Talks;
  readonly alarms: Alarms;
  /** Everything the owner set or left is erased, and the device belongs to nobody. */
  readonly factoryReset: () => Promise<void>;
  readonly clock: DeviceClock;
  readonly logger: Logger;
  /** Aborts when the connection the message came on ends. */
  readonly signal: AbortSignal;
}
