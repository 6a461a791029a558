import { withDeadline } from '@cardea/core';
import { type CapabilitySet, channelChange, rebootTimers } from '@cardea/protocol';
import type { AgentState } from './agent-state.ts';
import { Alarms } from './alarms/alarms.ts';
import { VideoLoss } from './alarms/video-loss.ts';
import type { PowerUse } from './camera.ts';
import { CameraStreams } from './camera-streams.ts';
import type { Configuration } from './configuration.ts';
import { MotionDetection } from './detection/motion-detection.ts';
import { LiveSessions } from './live/live-sessions.ts';
import { Playbacks } from './playback/playbacks.ts';
import { RecordingEncryption } from './recording/recording-encryption.ts';
import { VideoStorage } from './recording/video-storage.ts';
import { Snapshots } from './snapshots.ts';
import { Talks } from './talk/talks.ts';
import type { EventQueue } from './vd/event-queue.ts';
import type { VrAccessKeeper } from './vd/vr-access-keeper.ts';

export interface AgentMediaOptions {
  readonly state: AgentState;
  readonly config: Configuration;
  readonly events: EventQueue;
  readonly access: VrAccessKeeper;
  readonly capabilities: () => CapabilitySet;
  /** The device belongs to somebody. */
  readonly isBound: () => boolean;
  /** What feeds the device allows recording. */
  readonly mayRecord: () => boolean;
  /** There is hardly any charge left. */
  readonly isLow: () => boolean;
}

const CHANNEL_DOWN_MS = 2_000;

/** Everything the device does with what its camera sees and says: live video, recording, playback, pictures, alarms, talking. */
export class AgentMedia implements AsyncDisposable {
  readonly streams: CameraStreams;
  readonly live: LiveSessions;
  readonly storage: VideoStorage;
  readonly playbacks: Playbacks;
  readonly snapshots: Snapshots;
  readonly alarms: Alarms;
  readonly talks: Talks;
  private readonly videoLoss: VideoLoss;
  private readonly motion: MotionDetection;
  private readonly options: AgentMediaOptions;

  constructor(options: AgentMediaOptions) {
    const { config, events, access, isBound, mayRecord, isLow } = options;
    const { camera, identity, ring, clock, random } = options.state;
    const { connect, http } = options.state.network;
    const { deviceId } = identity;
    const encryption = new RecordingEncryption({ config, fixed: options.state.recipients, deviceId });
    const logger = options.state.logger.child({ log: 'media' });
    const isPrivate = (channel: number): boolean => config.text('privacy.mode', channel) === 'on';
    const isWatched = (channel: number): boolean => isBound() && !isPrivate(channel);
    const mayStore = (): boolean => isBound() && mayRecord();
    this.options = options;
    const streams = new CameraStreams(camera, { clock, random, logger, onLoss: (loss) => this.videoLoss.report(loss) });
    this.streams = streams;
    this.live = new LiveSessions({ deviceId, streams, isPrivate, connect, events, clock, logger });
    this.storage = new VideoStorage({
      camera,
      streams,
      config,
      ring,
      events,
      access,
      identity,
      encryption,
      http,
      isBound: mayStore,
      onVacate: (error) => this.playbacks.failAll(error),
      clock,
      random,
      logger,
    });
    const { recording, disk } = this.storage;
    this.playbacks = new Playbacks({ deviceId, streams, ring, disk, connect, clock, logger });
    this.snapshots = new Snapshots({ channel: (channel) => streams.channel(channel), isPrivate, clock });
    this.alarms = new Alarms({ events, recording, snapshots: this.snapshots, isWatched, clock, random, logger });
    this.videoLoss = new VideoLoss({ alarms: this.alarms, onChange: (channel, isLost) => this.tellChannel(channel, !isLost) });
    this.talks = new Talks({ channel: (channel) => streams.channel(channel), isPrivate, isLow, connect, clock, logger });
    this.motion = new MotionDetection({
      channels: camera.channels,
      streams,
      config,
      alarms: this.alarms,
      isWatched: (channel) => isWatched(channel) && mayRecord(),
      clock,
      random,
      logger,
    });
  }

  /** What the camera is needed for at this moment. */
  get use(): Exclude<PowerUse, 'asleep'> {
    if (this.isInUse) return 'live';
    return this.isRecording ? 'recording' : 'idle';
  }

  /** Something is under way that sleep would cut off. */
  get isBusy(): boolean {
    return this.isInUse || this.isRecording || this.storage.uploader.busy;
  }

  /** The camera of the channel sends what it should. */
  isOnline(channel: number): boolean {
    return !this.videoLoss.isLost(channel);
  }

  /** Brings recording and sensing into line with configuration, binding and power. */
  update(): void {
    this.storage.update();
    this.motion.update();
  }

  /** Whoever watches or talks is cut off. */
  stopSessions(): void {
    this.live.stopAll('command');
    this.playbacks.stopAll('command');
    this.talks.stopAll();
  }

  /** Ends live video and closes what is recorded; what is still open after 30 s is found again at the next start. */
  async quiesce(): Promise<void> {
    const { clock, logger } = this.options.state;
    this.stopSessions();
    await withDeadline(clock, rebootTimers.closeSegmentsMs, () => this.storage.close()).catch((error: unknown) =>
      logger.error({ err: error }, 'open segments could not be closed'),
    );
  }

  /**
   * Viewers are told why; the platform asks again for whoever still watches, and recording goes on by itself. Returns how
   * long the channel is away, in milliseconds.
   */
  restartChannel(channel: number): number {
    this.options.state.logger.info({ channel }, 'a channel restarts');
    this.live.stopAll('reschedule', channel, 'channelReboot');
    this.streams.restart(channel, CHANNEL_DOWN_MS);
    return CHANNEL_DOWN_MS;
  }

  /** Nothing new is noticed from now on; what was going on has ended. */
  async stopSensing(): Promise<void> {
    await this.motion[Symbol.asyncDispose]();
    this.alarms.stopAll();
  }

  /** Call it when nothing is recorded any more: after `stopSensing` and `quiesce`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.alarms[Symbol.dispose]();
    await this.talks[Symbol.asyncDispose]();
    await this.streams[Symbol.asyncDispose]();
  }

  private tellChannel(channel: number, online: boolean): void {
    const { capabilities, events, state } = this.options;
    const { hash: capHash, channels } = capabilities();
    const name = channels.find((candidate) => candidate.channel === channel)?.name;
    events
      .publish(channelChange, { channel, online, capHash, ...(name !== undefined && { name }) })
      .catch((error: unknown) => state.logger.error({ err: error, channel }, 'news of a channel were not kept'));
  }

  private get isInUse(): boolean {
    return this.live.count + this.playbacks.states.length + this.talks.count > 0;
  }

  private get isRecording(): boolean {
    return this.options.state.camera.channels.some(({ channel }) => this.storage.recording.activity(channel).active);
  }
}
