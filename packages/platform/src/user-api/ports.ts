import type { Readable } from 'node:stream';
import type {
  Acceptance,
  ApiToken,
  ApiTokenRequest,
  AuditEntry,
  BindingCode,
  Campaign,
  CampaignRequest,
  Device,
  DeviceLog,
  Firmware,
  FirmwareClaim,
  FreshApiToken,
  FreshShare,
  Home,
  Identity,
  Invitation,
  InvitationRequest,
  InvitationSummary,
  Joined,
  LiveSession,
  Login,
  LoginMethods,
  Member,
  Passkey,
  PasskeyAssertion,
  PasskeyAttestation,
  PasskeyCreation,
  PasskeyQuestion,
  PlatformState,
  PlaybackRequest,
  PlaybackSession,
  RecipientKey,
  RecipientKeyRequest,
  Retention,
  RetentionChange,
  RoleWish,
  SecondFactorSecret,
  Segment,
  Session,
  Share,
  ShareRequest,
  ShareView,
  Snapshot,
  StorageUse,
  SupportAccess,
  SupportRequest,
  TalkRequest,
  TalkSession,
  Timeline,
  User,
  Viewer,
  VodRequest,
  VodSession,
} from '@cardea/api';
import type { BodyOf, reportStatistics } from '@cardea/protocol';
import type { DeviceProof, HomeProof, Principal } from '../authorization/proof.ts';

/** What the user API needs of the services behind it. Proofs say what the caller may do; nothing here checks again. */

/** Where a request comes from. */
export interface Source {
  readonly address: string;
  readonly userAgent?: string | undefined;
  /** The secret of a known device, where one is shown. */
  readonly device?: string | undefined;
}

/** Someone who showed a valid session. */
export interface Visitor {
  readonly principal: Principal;
  readonly user: User;
  /** What was shown: the bearer token of the session. */
  readonly credential: string;
}

/** Who did and saw what. */
export interface AuditJournal {
  /** Resolves when the entry is durable. */
  record(note: {
    readonly action: string;
    readonly userId?: string | undefined;
    /** The account somebody claimed to be, instead of `userId`. */
    readonly account?: string | undefined;
    readonly homeId?: string | undefined;
    readonly deviceId?: string | undefined;
    readonly detail: Readonly<Record<string, unknown>>;
  }): Promise<void>;
  list(
    proofs: readonly HomeProof<'manage'>[],
    query: {
      readonly from?: number | undefined;
      readonly to?: number | undefined;
      readonly cursor?: string | undefined;
      readonly limit?: number | undefined;
    },
  ): Promise<{ readonly items: readonly Omit<AuditEntry, 'userName'>[]; readonly next?: string }>;
}

/** Logs devices uploaded. */
export interface DeviceLogService {
  deviceOf(id: string): Promise<string | undefined>;
  list(proof: DeviceProof<'configure'>): Promise<readonly DeviceLog[]>;
  text(proof: DeviceProof<'configure'>, id: string): Promise<string>;
}

/** Users and their sessions. */
export interface Accounts {
  authenticate(credential: string): Promise<Visitor | undefined>;
  login(
    credentials: { readonly email: string; readonly password: string; readonly code?: string | undefined },
    source: Source,
  ): Promise<Login>;
  loginOf(credential: string): Promise<Login>;
  /** Returns the secret by which the device is known from now on. */
  rememberDevice(login: Pick<Login, 'token'>, shown: string | undefined): Promise<string>;
  readonly secondFactor: {
    begin(visitor: Visitor, password: string, source: Source): Promise<SecondFactorSecret>;
    confirm(visitor: Visitor, code: string): Promise<string>;
    end(visitor: Visitor, password: string, source: Source): Promise<string>;
  };
  loginOnce(token: string, source: Source): Promise<Login>;
  sessions(visitor: Visitor): Promise<readonly Session[]>;
  endSession(visitor: Visitor, id: string): Promise<void>;
  rename(visitor: Visitor, name: string): Promise<User>;
  changePassword(visitor: Visitor, passwords: { readonly current: string; readonly next: string }, source: Source): Promise<void>;
  namesOf(userIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
}

/** Keys in the devices of users that log them in. */
export interface Passkeys {
  begin(visitor: Visitor): Promise<PasskeyCreation>;
  create(visitor: Visitor, made: { readonly name: string; readonly credential: PasskeyAttestation }): Promise<Passkey>;
  list(visitor: Visitor): Promise<readonly Passkey[]>;
  rename(visitor: Visitor, id: string, name: string): Promise<Passkey>;
  remove(visitor: Visitor, id: string): Promise<void>;
  ask(): Promise<PasskeyQuestion>;
  login(assertion: PasskeyAssertion, source: Source): Promise<Login>;
}

/** Logins through another provider; absent where none is set. */
export interface ProviderLogins {
  /** `kept` is what the browser keeps until the provider answers. */
  begin(): Promise<{ readonly url: string; readonly kept: string }>;
  login(answer: ProviderAnswer, inviteToken: string | undefined, source: Source): Promise<Login>;
  beginLink(visitor: Visitor): Promise<{ readonly url: string; readonly kept: string }>;
  link(visitor: Visitor, answer: ProviderAnswer): Promise<Identity>;
  list(visitor: Visitor): Promise<readonly Identity[]>;
  unlink(visitor: Visitor, id: string): Promise<void>;
  logoutUrl(returnTo: string): Promise<string | undefined>;
}

export interface ProviderAnswer {
  readonly query: string;
  readonly kept: string | undefined;
}

/** Who runs the platform. */
export interface Operators {
  isOne(principal: Principal): Promise<boolean>;
}

/** The platform itself, as whoever runs it sees it. */
export interface PlatformStatus {
  state(): PlatformState;
  loginMethods(): LoginMethods;
}

/** Credentials of programs. */
export interface ApiTokens {
  isOne(credential: string): boolean;
  authenticate(credential: string): Promise<Visitor | undefined>;
  create(visitor: Visitor, request: ApiTokenRequest): Promise<FreshApiToken>;
  list(visitor: Visitor): Promise<readonly ApiToken[]>;
  remove(visitor: Visitor, id: string): Promise<void>;
}

/** Who belongs to a home. */
export interface Members {
  list(proof: HomeProof<'manage'>): Promise<readonly Member[]>;
  update(
    proof: HomeProof<'manage'>,
    userId: string,
    change: { readonly role?: RoleWish | undefined; readonly accessUntil?: number | null | undefined },
  ): Promise<Member>;
  remove(proof: HomeProof<'manage'>, userId: string): Promise<void>;
}

/** For whom cameras encrypt recordings. */
export interface RecipientKeyService {
  list(proof: HomeProof<'view.recordings'>): Promise<readonly RecipientKey[]>;
  add(proof: HomeProof<'view.recordings'>, request: RecipientKeyRequest): Promise<RecipientKey>;
  remove(proof: HomeProof<'view.recordings'>, keyId: string): Promise<void>;
}

/** How people come to belong to a home. */
export interface Invitations {
  create(proof: HomeProof<'manage'>, request: InvitationRequest): Promise<Invitation>;
  list(proof: HomeProof<'manage'>): Promise<readonly Member[]>;
  /** Returns whether there was one. */
  remove(proof: HomeProof<'manage'>, id: string): Promise<boolean>;
  show(inviteToken: string, source: Source): Promise<InvitationSummary>;
  accept(acceptance: Acceptance, visitor: Visitor | undefined, source: Source): Promise<Joined>;
}

/** Who runs the platform, let into a home by its owner. */
export interface SupportService {
  grant(proof: HomeProof<'manage'>, request: SupportRequest): Promise<SupportAccess>;
}

/** The making of the first user. */
export interface Setup {
  needed(): Promise<boolean>;
  complete(
    request: {
      readonly setupToken: string;
      readonly email: string;
      readonly password: string;
      readonly name: string;
      readonly timezone?: string | undefined;
      readonly homeName?: string | undefined;
    },
    source: Source,
  ): Promise<Login>;
}

export interface Homes {
  list(principal: Principal): Promise<readonly Home[]>;
  create(userId: string, fields: { readonly name: string; readonly timezone: string }): Promise<Home>;
  get(proof: HomeProof): Promise<Home>;
  update(proof: HomeProof<'manage'>, fields: { readonly name?: string | undefined; readonly timezone?: string | undefined }): Promise<Home>;
  remove(proof: HomeProof<'manage'>): Promise<void>;
}

export interface BindingCodes {
  createCode(proof: HomeProof<'manage'>): Promise<BindingCode>;
}

export interface DeviceDirectory {
  describe(proof: DeviceProof): Promise<Device>;
  rename(proof: DeviceProof<'configure'>, name: string): Promise<void>;
  /** A disabled device may not connect. */
  setDisabled(proof: DeviceProof<'manage'>, isDisabled: boolean): Promise<void>;
  /** Resolves when the device belongs to nobody; it may learn later. */
  unbind(proof: DeviceProof<'manage'>): Promise<void>;
}

export interface DeviceCommands {
  call(
    proof: DeviceProof,
    method: string,
    params: Readonly<Record<string, unknown>>,
    options: { readonly signal?: AbortSignal },
  ): Promise<unknown>;
}

export interface LiveService {
  startLive(
    proof: DeviceProof<'view.live'>,
    source: { readonly channel: number; readonly stream: LiveStreamName },
    options: { readonly signal?: AbortSignal },
  ): Promise<LiveSession>;
  startPlayback(
    proof: DeviceProof<'view.recordings'>,
    wish: PlaybackRequest,
    options: { readonly signal?: AbortSignal },
  ): Promise<PlaybackSession>;
  renew(principal: Principal, sessionId: string): Promise<LiveSession>;
  end(principal: Principal, sessionId: string): void | Promise<void>;
  viewers(proof: DeviceProof<'view.live'>): readonly Omit<Viewer, 'userName'>[] | Promise<readonly Omit<Viewer, 'userName'>[]>;
}

export interface TalkService {
  open(proof: DeviceProof<'control'>, wish: TalkRequest, options: { readonly signal?: AbortSignal }): Promise<TalkSession>;
  end(principal: Principal, sessionId: string): void | Promise<void>;
}

export type LiveStreamName = Viewer['stream'];

export interface SegmentQuery {
  readonly from?: number;
  readonly to?: number;
  readonly channel?: number;
  readonly cursor?: string;
  readonly limit?: number;
}

export interface SegmentService {
  deviceOf(segmentId: string): Promise<string | undefined>;
  segments(
    proof: DeviceProof<'view.recordings'>,
    query: SegmentQuery,
  ): Promise<{ readonly items: readonly Segment[]; readonly next?: string }>;
  segment(proof: DeviceProof<'view.recordings'>, segmentId: string): Promise<Segment>;
  /** `end` is inclusive and inside the segment. */
  readSegment(
    proof: DeviceProof<'view.recordings'>,
    segmentId: string,
    range?: { readonly start: number; readonly end: number },
  ): Promise<{ readonly stream: Readable }>;
  setLocked(proof: DeviceProof<'control'>, segmentId: string, locked: boolean): Promise<Segment>;
  remove(proof: DeviceProof<'manage'>, segmentId: string): Promise<void>;
}

/** Recordings with what proves them. */
export interface CaseService {
  export(
    proof: DeviceProof<'view.recordings'>,
    query: { readonly from?: number; readonly to?: number; readonly channel?: number; readonly stream?: Segment['stream'] },
    exporter: { readonly id: string; readonly name: string },
  ): Promise<{ readonly name: string; readonly segments: number; readonly manifestSha256: string; readonly archive: Readable }>;
}

/** What was recorded and what was not. */
export interface TimelineService {
  timeline(
    proof: DeviceProof<'view.recordings'>,
    query: { readonly from?: number; readonly to?: number; readonly channel?: number; readonly cursor?: string },
  ): Promise<Timeline>;
}

/** What devices say about how well storing works. */
export interface UploadStatisticsService {
  /** Newest first. */
  of(proof: DeviceProof<'manage'>, limit: number): Promise<readonly BodyOf<typeof reportStatistics>[]>;
}

/** How much is stored, and what is kept. */
export interface StorageService {
  use(proof: HomeProof<'view.recordings'>): Promise<StorageUse>;
  ofHome(proof: HomeProof<'view.recordings'>): Promise<Retention>;
  changeHome(proof: HomeProof<'manage'>, change: RetentionChange): Promise<Retention>;
  ofCamera(proof: DeviceProof<'view.recordings'>): Promise<Retention>;
  changeCamera(proof: DeviceProof<'manage'>, change: RetentionChange): Promise<Retention>;
}

/** Plays what is stored. */
export interface VodService {
  open(proof: DeviceProof<'view.recordings'>, range: VodRequest): Promise<VodSession>;
}

export interface Picture {
  readonly sizeBytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
  read(): Promise<Readable>;
}

/** Links for people without a login. */
export interface ShareService {
  deviceOf(id: string): Promise<string | undefined>;
  create(principal: Principal, request: ShareRequest): Promise<FreshShare>;
  list(principal: Principal, query: { readonly homeId?: string | undefined }): Promise<readonly Share[]>;
  remove(proof: DeviceProof<'share'>, id: string): Promise<void>;
  views(proof: DeviceProof<'share'>, id: string): Promise<readonly ShareView[]>;
}

/** Firmware of devices and its roll-out. */
export interface FirmwareService {
  readonly catalogue: {
    add(principal: Principal, claim: FirmwareClaim, bytes: Readable): Promise<Firmware>;
    list(principal: Principal): Promise<readonly Firmware[]>;
    remove(principal: Principal, firmwareId: string): Promise<void>;
  };
  readonly campaigns: {
    create(principal: Principal, request: CampaignRequest): Promise<Campaign>;
    list(principal: Principal): Promise<readonly Campaign[]>;
    get(principal: Principal, campaignId: string): Promise<Campaign>;
    stop(principal: Principal, campaignId: string): Promise<Campaign>;
  };
}

export interface PictureService {
  /** Picture `number`, from 1, of an event of the device. */
  ofEvent(proof: DeviceProof<'view.events'>, eventId: string, number: number): Promise<Picture>;
  list(
    proof: DeviceProof<'view.recordings'>,
    query: SegmentQuery,
  ): Promise<{ readonly items: readonly Snapshot[]; readonly next?: string }>;
  find(proof: DeviceProof<'view.recordings'>, snapshotId: string): Promise<Picture>;
}
