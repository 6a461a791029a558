import { Backoff, type Clock, hasStatus, Lifetime, type Logger, type Random, sleep } from '@cardea/core';
import type { Alarms } from '../alarms/alarms.ts';
import type { CameraChannel } from '../camera.ts';
import type { CameraStreams } from '../camera-streams.ts';
import type { Configuration } from '../configuration.ts';
import { FrameSizeSensor } from './frame-size-sensor.ts';
import { GrayDecoder } from './gray-decoder.ts';
import { MotionEpisodes } from './motion-episodes.ts';
import type { MotionReading } from './motion-reading.ts';
import { PictureDifference } from './picture-difference.ts';
import { isZones, type Zone } from './zones.ts';

export interface MotionDetectionOptions {
  readonly channels: readonly CameraChannel[];
  readonly streams: Pick<CameraStreams, 'reader'>;
  readonly config: Configuration;
  readonly alarms: Pick<Alarms, 'begin'>;
  /** Somebody wants to know of motion on the channel. */
  readonly isWatched: (channel: number) => boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** How the motion on a channel is watched for. */
interface Settings {
  readonly sensitivity: number;
  readonly blindSec: number;
  readonly maxSec: number;
  /** Look into the pictures when there is a decoder. */
  readonly decode: boolean;
  readonly zones: readonly Zone[];
}

interface Watch {
  /** Settings as JSON: others need another watch. */
  readonly settings: string;
  readonly lifetime: Lifetime;
}

const STILL: MotionReading = { level: 0, zones: [] };
const WIDTH = 160;
const HEIGHT = 90;
const PICTURES_PER_SEC = 3;
/** A decoder silent for so many key frame intervals is stuck (C-18). */
const STUCK_AFTER_GROUPS = 3;
const MIN_STUCK_MS = 5_000;
const RESTART = { baseMs: 1_000, maxMs: 60_000 };

/**
 * Senses motion on every channel that is configured to (`detect.motion.*`, `zones`) and raises it as alarms. It looks into
 * the pictures of the smaller stream where ffmpeg is on the PATH, and at the sizes of the coded pictures otherwise.
 */
export class MotionDetection implements AsyncDisposable {
  private readonly options: MotionDetectionOptions;
  private readonly watches = new Map<number, Watch>();
  private readonly lifetime: Lifetime;
  private stopped = false;

  constructor(options: MotionDetectionOptions) {
    this.options = options;
    this.lifetime = new Lifetime(options.logger);
  }

  /** Starts and stops watching after anything that matters has changed. */
  update(): void {
    for (const channel of this.options.channels) {
      const wanted = this.isWanted(channel) ? JSON.stringify(this.settingsOf(channel.channel)) : undefined;
      const running = this.watches.get(channel.channel);
      if (running?.settings === wanted) continue;
      if (running !== undefined) {
        this.watches.delete(channel.channel);
        this.lifetime.run('end of a watch', () => running.lifetime[Symbol.asyncDispose]());
      }
      if (wanted !== undefined) this.start(channel, wanted);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stopped = true;
    this.update();
    await this.lifetime[Symbol.asyncDispose]();
  }

  private isWanted({ channel, detections }: CameraChannel): boolean {
    const { config, isWatched } = this.options;
    return !this.stopped && detections.includes('motion') && config.flag('detect.motion.enabled', channel) && isWatched(channel);
  }

  private settingsOf(channel: number): Settings {
    const { config } = this.options;
    const { zones, 'detect.motion.zoneIds': zoneIds } = config.read({ channel, keys: ['zones', 'detect.motion.zoneIds'] });
    const all = isZones(zones) ? zones : [];
    const chosen =
      Array.isArray(zoneIds) && zoneIds.length > 0 ? all.filter(({ id, use }) => use === 'ignore' || zoneIds.includes(id)) : all;
    return {
      sensitivity: config.number('detect.motion.sensitivity', channel),
      blindSec: config.number('detect.motion.blindSec', channel),
      maxSec: config.number('detect.motion.maxSec', channel),
      decode: config.flag('detect.motion.decode', channel),
      zones: chosen,
    };
  }

  private start(channel: CameraChannel, settings: string): void {
    const lifetime = new Lifetime(this.options.logger);
    this.watches.set(channel.channel, { settings, lifetime });
    lifetime.run('motion', (signal) => this.watch(channel, this.settingsOf(channel.channel), signal));
  }

  private async watch({ channel, head, streams }: CameraChannel, settings: Settings, signal: AbortSignal): Promise<void> {
    const { alarms, clock, logger } = this.options;
    const stream = streams.find(({ name }) => name === 'sub') ?? streams[0];
    if (stream === undefined) return;
    using episodes = new MotionEpisodes({
      blindMs: settings.blindSec * 1_000,
      maxMs: settings.maxSec * 1_000,
      begin: (detail) => alarms.begin({ channel, alarmType: 'motion', ...detail }),
      clock,
    });
    // To a camera that turns everything seems to move.
    const take = (reading: MotionReading): void => episodes.take(head === undefined || head.status().state === 'idle' ? reading : STILL);
    const source = { channel, stream: stream.name, gopSec: stream.gopSec, take };
    if (settings.decode && (await this.watchPictures(source, settings, signal)) === 'done') return;
    if (settings.decode) logger.info({ channel }, 'without ffmpeg motion is told from the sizes of the coded pictures');
    await this.watchSizes(source, settings, signal);
  }

  /** Resolves with `done` after `signal`, or with `impossible` when there is no decoder. */
  private async watchPictures(source: Source, settings: Settings, signal: AbortSignal): Promise<'done' | 'impossible'> {
    const { clock, logger, random } = this.options;
    const backoff = new Backoff({ ...RESTART, random: () => random.fraction() });
    while (!signal.aborted) {
      try {
        await this.decodeOnce(source, settings, { signal, backoff });
      } catch (error) {
        if (signal.aborted) break;
        if (hasStatus(error, 'CODEC_UNSUPPORTED')) return 'impossible';
        logger.warn({ err: error, channel: source.channel }, 'the decoder for motion is started again');
        await sleep(clock, backoff.next(), { signal }).catch(() => {});
      }
    }
    return 'done';
  }

  private async decodeOnce(
    { channel, stream, gopSec, take }: Source,
    { sensitivity, zones }: Settings,
    { signal, backoff }: { readonly signal: AbortSignal; readonly backoff: Backoff },
  ): Promise<void> {
    const { clock, logger, streams } = this.options;
    const difference = new PictureDifference({ width: WIDTH, height: HEIGHT, sensitivity, zones });
    await using decoder = new GrayDecoder({
      width: WIDTH,
      height: HEIGHT,
      picturesPerSec: PICTURES_PER_SEC,
      onPicture: (gray) => {
        backoff.reset();
        take(difference.judge(gray));
      },
      stuckAfterMs: Math.max(MIN_STUCK_MS, gopSec * 1_000 * STUCK_AFTER_GROUPS),
      clock,
      logger,
    });
    using _attachment = streams.reader(channel, stream).attach(decoder);
    await Promise.race([decoder.failed, aborted(signal)]);
  }

  private async watchSizes({ channel, stream, take }: Source, { sensitivity }: Settings, signal: AbortSignal): Promise<void> {
    const sensor = new FrameSizeSensor({ sensitivity, onReading: take });
    using _attachment = this.options.streams.reader(channel, stream).attach(sensor);
    await aborted(signal);
  }
}

interface Source {
  readonly channel: number;
  readonly stream: CameraChannel['streams'][number]['name'];
  readonly gopSec: number;
  readonly take: (reading: MotionReading) => void;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
