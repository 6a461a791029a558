import { type Clock, Lifetime, type Logger, type Random, sleep } from '@cardea/core';
import { type AnswerOf, type getVideoServerInformation, vrTimers } from '@cardea/protocol';
import type { Caps } from '../authorization/caps.ts';
import type { Bus, Db, ObjectStore } from '../store/ports.ts';
import type { TokenIssuer } from '../tokens/token-issuer.ts';
import type { UrlSigner } from '../tokens/url-signer.ts';
import { CaseExport } from './case/case-export.ts';
import { DamageRecord } from './damage-record.ts';
import { type FsckReport, fsck } from './fsck.ts';
import { Vod } from './playback/vod.ts';
import { RecordingWishes } from './retention/recording-wishes.ts';
import { RetentionKeeper } from './retention/retention.ts';
import { RetentionPolicies } from './retention/retention-policies.ts';
import { StorageGate } from './retention/storage-gate.ts';
import { StorageReport } from './retention/storage-report.ts';
import { StorageUsage } from './retention/storage-usage.ts';
import { boundlessVolume, recordingVolume, type Volume } from './retention/volume.ts';
import { SegmentCatalogue, type SegmentRow } from './segment-catalogue.ts';
import { SegmentIntake } from './segment-intake.ts';
import { SegmentKeeper } from './segment-keeper.ts';
import { SegmentLibrary } from './segment-library.ts';
import { SegmentLocks } from './segment-locks.ts';
import { SegmentSweep } from './segment-sweep.ts';
import { noPlan, type StoragePlans } from './storage-plan.ts';
import { RecordingLedger } from './timeline/recording-ledger.ts';
import { type RecordingNotices, RecordingWatch } from './timeline/recording-watch.ts';
import { Timelines } from './timeline/timelines.ts';
import { UploadGaps } from './timeline/upload-gaps.ts';
import { UploadCredits } from './upload-credits.ts';
import { UploadSessions } from './upload-sessions.ts';
import { UploadStatistics } from './upload-statistics.ts';
import { UploadTickets } from './upload-tickets.ts';
import { defaultVideoLimits, type VideoLimits } from './video-limits.ts';
import { type KnownDevice, VrAccess } from './vr-access.ts';

export interface VideoServiceOptions {
  readonly db: Db;
  readonly objects: ObjectStore;
  readonly bus: Bus;
  readonly tokens: TokenIssuer;
  readonly signer: UrlSigner;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Origin under which devices reach this platform, e.g. `https://home.example`. */
  readonly publicUrl: () => string;
  /** Names this server in what devices are told. */
  readonly serverId?: string;
  /** Without it nobody is told when a camera stops recording. */
  readonly notices?: RecordingNotices & {
    full(device: { readonly homeId: string; readonly deviceId: string }, occurredAt: number): Promise<void>;
  };
  /** Where the objects lie; without it there is always room. */
  readonly volume?: Volume;
  /** What homes keep that say nothing of their own, and the most that all of them keep. */
  readonly retention?: { readonly days: number; readonly totalBytes?: number | undefined };
  /** What these cameras are to record may have changed. */
  readonly onWish?: (deviceIds: readonly string[]) => void;
  /** By default what each home says it keeps. */
  readonly plans?: StoragePlans;
  readonly limits?: Partial<VideoLimits>;
  readonly caps?: Caps;
}

/** Of recordings, when nobody says how long to keep them. */
const DEFAULT_DAYS = 30;
const FILE_SWEEPS_MS = 6 * 3_600_000;
/** Members hear of a full volume within ten seconds (reliability.md P6). */
const ROOM_WATCH_MS = 5_000;

/**
 * The video service (H.627.2 9.3.4, titles only): takes video segments from devices and keeps them for users.
 * Once a confirmation was answered, the segment outlives the death of the process and of the power.
 */
export class VideoService implements AsyncDisposable {
  /** Admits devices. */
  readonly access: VrAccess;
  /** What devices do with segments. */
  readonly intake: SegmentIntake;
  /** What users do with segments. */
  readonly library: SegmentLibrary;
  readonly statistics: UploadStatistics;
  /** What is to be recorded, and why it is not. */
  readonly ledger: RecordingLedger;
  /** What the platform wants cameras to record. */
  readonly wishes: RecordingWishes;
  readonly gaps: UploadGaps;
  readonly timelines: Timelines;
  /** Plays what is stored. */
  readonly vod: Vod;
  /** Hands out what is stored with what proves it. */
  readonly cases: CaseExport;
  private readonly options: VideoServiceOptions;
  private readonly limits: VideoLimits;
  /** How much is stored, and what is kept. */
  readonly storage: StorageReport;
  private readonly retention: RetentionKeeper;
  private readonly gate: StorageGate;
  private readonly plans: StoragePlans;
  private readonly sessions: UploadSessions;
  private readonly sweep: SegmentSweep;
  private readonly lifetime: Lifetime;

  constructor(options: VideoServiceOptions) {
    const { db, clock, retention: { days, totalBytes } = { days: DEFAULT_DAYS } } = options;
    const limits = { ...defaultVideoLimits, ...options.limits };
    const catalogue = new SegmentCatalogue(db, clock);
    const locks = new SegmentLocks();
    const usage = new StorageUsage(db);
    const policies = new RetentionPolicies(db, { mode: 'continuous', streams: 'all', days });
    const volume = recordingVolume(options.volume ?? boundlessVolume, usage, totalBytes);
    const gate = new StorageGate({ ...options, volume, policies });
    const plans = options.plans ?? gate;
    const accounts = {
      stored: (row: SegmentRow) => {
        usage.add(row);
        gate.changed();
        this.retention.stored(row);
      },
      removed: (row: SegmentRow) => {
        usage.remove(row);
        gate.changed();
      },
    };
    const credits = new UploadCredits(clock);
    const sessions = new UploadSessions({ clock, maxPerDevice: limits.maxConcurrentUploads, credits });
    const access = new VrAccess(options);
    const keeper = new SegmentKeeper({ ...options, catalogue, maxSegmentBytes: limits.maxSegmentBytes, accounts });
    const parts = {
      ...options,
      limits,
      plans,
      gate,
      catalogue,
      locks,
      sessions,
      credits,
      access,
      keeper,
      tickets: new UploadTickets(options),
    };
    this.options = options;
    this.limits = limits;
    this.gate = gate;
    this.plans = plans;
    this.sessions = sessions;
    this.access = access;
    this.intake = new SegmentIntake(parts);
    this.sweep = new SegmentSweep(parts);
    this.statistics = new UploadStatistics({ ...options, maxPerDevice: limits.maxStatistics });
    this.ledger = new RecordingLedger(options);
    const damage = new DamageRecord({ ...options, catalogue, ledger: this.ledger });
    this.library = new SegmentLibrary({ ...parts, damage, ledger: this.ledger });
    this.retention = new RetentionKeeper({ ...parts, usage, policies, volume, ledger: this.ledger });
    this.wishes = new RecordingWishes({ ...options, policies, ledger: this.ledger });
    this.storage = new StorageReport({ ...options, usage, policies, volume, wishes: this.wishes, keeper: this.retention });
    this.gaps = new UploadGaps({ ...options, catalogue, ledger: this.ledger, targetSegmentSec: limits.targetSegmentSec });
    this.vod = new Vod({ ...options, damage });
    this.timelines = new Timelines({ ...options, targetSegmentSec: limits.targetSegmentSec });
    this.cases = new CaseExport({ ...options, timelines: this.timelines });
    this.lifetime = new Lifetime(options.logger);
  }

  /**
   * Takes the objects into service, finishes what an earlier process left, then keeps doing so.
   * @throws AppError INVALID_STATE when the objects are not on the volume the catalogue knows
   */
  async start(): Promise<void> {
    const { objects, bus } = this.options;
    if (!objects.sound) await objects.start();
    const revocations = bus.subscribe('revoked', ({ scope, id }) => {
      if (scope === 'device') this.sessions.endOfDevice(id);
    });
    this.lifetime.own(revocations);
    const { notices } = this.options;
    if (notices !== undefined) this.lifetime.own(new RecordingWatch({ ...this.options, notices, ledger: this.ledger })).start();
    await this.sweepRows();
    this.lifetime.own(this.retention).start();
    this.lifetime.run('video segments', (signal) => this.repeat(vrTimers.expiryJobMs, signal, () => this.sweepRows()));
    this.lifetime.run('room for recordings', (signal) => this.repeat(ROOM_WATCH_MS, signal, () => this.gate.watch()));
    this.lifetime.run('video files', async (signal) => {
      await this.sweepFiles();
      await this.repeat(FILE_SWEEPS_MS, signal, () => this.sweepFiles());
    });
  }

  /** Answer of `GET /vr/v1/server-info`; a device that is unbound is told that it has no plan. */
  async serverInformation(device: KnownDevice): Promise<AnswerOf<typeof getVideoServerInformation>> {
    const { clock, publicUrl, objects, serverId = 'video' } = this.options;
    const { maxSegmentBytes, targetSegmentSec, maxConcurrentUploads, maxBacklogSec, maxUploadKbps } = this.limits;
    const { hostname, host } = new URL(publicUrl());
    return {
      serverTime: clock.now(),
      serverId,
      plan: device.homeId === undefined ? noPlan : await this.plans.planOf(device.homeId, device.deviceId),
      limits: {
        maxSegmentBytes,
        targetSegmentSec,
        maxConcurrentUploads,
        maxBacklogSec,
        ...(maxUploadKbps !== undefined && { maxUploadKbps }),
      },
      storageHosts: [...new Set([hostname, host, ...(objects.direct === undefined ? [] : [objects.direct.host])])],
      minTls: '1.2',
    };
  }

  /** Resolves when what has to go has gone. */
  async settled(): Promise<void> {
    await this.retention.run();
  }

  /** As the function of this name, on the stores of this service. */
  async fsck(options: { readonly deep: boolean }): Promise<FsckReport> {
    return await fsck(this.options, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lifetime[Symbol.asyncDispose]();
  }

  private async sweepRows(): Promise<void> {
    const { objects, logger } = this.options;
    // A store that failed is tried again here, so that a disk which only hiccuped does not end recording for good.
    if (!objects.sound) await objects.start();
    const counts = await this.sweep.rows();
    if (Object.values(counts).some((count) => count > 0)) logger.info(counts, 'swept video segments');
  }

  private async sweepFiles(): Promise<void> {
    const counts = await this.sweep.files();
    if (counts.torn + counts.quarantined > 0) this.options.logger.info(counts, 'swept files of video segments');
  }

  private async repeat(intervalMs: number, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    const { clock, logger } = this.options;
    while (!signal.aborted) {
      await sleep(clock, intervalMs, { signal });
      await work().catch((error: unknown) => logger.error({ err: error }, 'a sweep of the video service failed'));
    }
  }
}
