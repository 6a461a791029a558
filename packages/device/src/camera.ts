import type { Clock } from '@cardea/core';
import type { AccessUnit, Track } from '@cardea/media';
import type {
  AlarmType,
  AudioCodec,
  AudioFormat,
  BatteryState,
  ChannelCapability,
  getPtzPresetList,
  ParamsOf,
  PtzPosition,
  PtzState,
  ptzControl,
  ResultOf,
  StreamName,
  VideoFormat,
} from '@cardea/protocol';

/**
 * What a camera maker implements: lenses, encodings, pictures, a head. The agent does everything else (scheduling,
 * connection, binding, live video, recording, configuration). Whoever made the camera disposes it, after the agent.
 */
export interface Camera extends AsyncDisposable {
  readonly about: CameraDescription;
  /** At least one; `channel` counts from 1. */
  readonly channels: readonly CameraChannel[];
  /** What feeds the camera at present. */
  power(): BatteryState;
  /** Told what the device does; a camera with a battery switches off what that does not need. */
  setPowerUse?(use: PowerUse): void;
}

export type PowerUse = 'asleep' | 'idle' | 'recording' | 'live';

export interface CameraDescription {
  readonly vendor: string;
  readonly model: string;
  readonly productId: string;
  readonly serial: string;
  readonly hardware?: string;
  /** Running version. */
  readonly firmware: string;
}

/** One lens. */
export interface CameraChannel {
  readonly channel: number;
  /** Shown until the owner gives another name. */
  readonly name: string;
  /** `main` first. */
  readonly streams: readonly CameraStream[];
  /** Absent on a channel that takes no pictures. */
  readonly takePicture?: PictureTaker;
  /** Absent on a channel whose lens does not move. */
  readonly head?: CameraHead;
  /** Absent on a channel through which nobody can be spoken to. */
  readonly speaker?: CameraSpeaker;
  /** Alarms this channel can raise. */
  readonly detections: readonly AlarmType[];
}

/** One encoding of a channel. */
export interface CameraStream {
  readonly name: StreamName;
  readonly video: VideoFormat;
  /** Longest time between two key frames. */
  readonly gopSec: number;
  readonly audio?: CameraAudio;
  /**
   * Delivers what the encoder makes, as it is made, until `signal` aborts (then it resolves) or the source fails (then it
   * rejects; the agent starts it again). The agent never reads one stream twice at the same time.
   */
  read(receiver: MediaReceiver, options: ReadOptions): Promise<void>;
}

export type CameraAudio = AudioFormat & { readonly codec: AudioCodec };

export interface ReadOptions {
  readonly signal: AbortSignal;
  /** The clock of the device, for stamping and for what is drawn into the picture. */
  readonly clock: Clock;
}

/** Takes media synchronously and never throws; a slow receiver drops by itself. */
export interface MediaReceiver {
  /** Comes before the first unit, and again when tracks or the time line change. */
  begin(run: MediaRun): void;
  /** Units of all tracks in order of decoding; the first of a run is a key frame of the video track. */
  unit(unit: AccessUnit): void;
}

/** An unbroken time line. */
export interface MediaRun {
  readonly tracks: readonly Track[];
  /** The monotonic clock at tick 0 of every track. */
  readonly startMonotonicMs: number;
}

export interface PictureRequest {
  readonly stream: StreamName;
  /** Pixels; absent: the size of the stream. */
  readonly width?: number;
  readonly height?: number;
  /** 1..100. */
  readonly quality: number;
}

export interface Picture {
  readonly jpeg: Uint8Array;
  readonly capturedAt: number;
}

/** Takes one picture now. @throws AppError CAPTURE_FAILED */
export type PictureTaker = (request: PictureRequest, options: ReadOptions) => Promise<Picture>;

export type HeadCommand = ParamsOf<typeof ptzControl>;
export type HeadOutcome = ResultOf<typeof ptzControl>;
export type PresetList = ResultOf<typeof getPtzPresetList>;

/** A lens that moves. */
export interface CameraHead {
  readonly capability: NonNullable<ChannelCapability['ptz']>;
  /**
   * Starts a move and resolves at once; a new move replaces the running one; a continuous move ends by itself.
   * @throws AppError LIMIT_REACHED | PRESET_NOT_FOUND | PRESET_FULL | PRESET_EXISTS | PTZ_MOVING | CALIBRATING |
   * POSITION_OUT_OF_RANGE | NOT_SUPPORTED | INVALID_PARAMS
   */
  control(command: HeadCommand): Promise<HeadOutcome>;
  presets(): PresetList;
  status(): { readonly state: PtzState; readonly position: PtzPosition };
}

/** A loudspeaker. */
export interface CameraSpeaker {
  /** What it plays. */
  readonly codecs: readonly AudioCodec[];
  readonly sampleRates: readonly number[];
  /** Whether the microphone goes on while it plays. */
  readonly duplex: 'half' | 'full';
  /** Begins to play what one person says. The agent opens one voice at a time. */
  open(format: CameraAudio): SpeakerVoice;
}

/** What one person says, from its first sound to disposal. */
export interface SpeakerVoice extends AsyncDisposable {
  /** Plays one coded frame of 20 ms behind those before. Takes it synchronously and never throws. */
  play(frame: Uint8Array): void;
}
