import type { ColumnType, Generated, Kysely, Selectable } from 'kysely';

/**
 * The tables of the platform, one schema for SQLite and PostgreSQL. Instants are Unix milliseconds UTC, JSON is text,
 * booleans are 0 or 1. Whatever belongs to a home carries home and device id, and queries always name them.
 * The tables `user`, `session`, `account` and `verification` belong to better-auth (homes/accounts.ts).
 */
export interface Tables {
  home: HomeTable;
  home_member: HomeMemberTable;
  invitation: InvitationTable;
  api_token: ApiTokenTable;
  passkey: PasskeyTable;
  used_challenge: UsedChallengeTable;
  known_device: KnownDeviceTable;
  login_try: LoginTryTable;
  identity: IdentityTable;
  operator: OperatorTable;
  share: ShareTable;
  share_view: ShareViewTable;
  revocation: RevocationTable;
  binding_code: BindingCodeTable;
  device: DeviceTable;
  schedule: ScheduleTable;
  used_proof: UsedProofTable;
  device_event: DeviceEventTable;
  segment: SegmentTable;
  recipient_key: RecipientKeyTable;
  recording_fact: RecordingFactTable;
  recording_gap: RecordingGapTable;
  retention_policy: RetentionPolicyTable;
  upload_statistic: UploadStatisticTable;
  upload: UploadTable;
  picture: PictureTable;
  device_log: DeviceLogTable;
  kept_command: KeptCommandTable;
  audit: AuditTable;
  firmware: FirmwareTable;
  firmware_campaign: FirmwareCampaignTable;
  firmware_task: FirmwareTaskTable;
  idempotency: IdempotencyTable;
  setting: SettingTable;
  user: UserTable;
  session: SessionTable;
  account: AccountTable;
  verification: VerificationTable;
}

export type Db = Kysely<Tables>;

/** Set when the row is written, never changed. */
type Fixed<T> = ColumnType<T, T, never>;

export interface HomeTable {
  id: Fixed<string>;
  name: string;
  /** IANA zone. */
  timezone: string;
  created_at: Fixed<number>;
}

export interface HomeMemberTable {
  home_id: Fixed<string>;
  user_id: Fixed<string>;
  /** `owner`, `admin`, `member`, `guest` or `support`: the preset the actions came from. */
  role: string;
  /** JSON array of `Action`. */
  actions: string;
  /** JSON array of device ids, or `["*"]`. */
  devices: string;
  /** JSON array of `HourSpan` in the time zone of the home; null at all hours. */
  hours: Generated<string | null>;
  /** From this instant on the member is none any more; null for good. */
  access_until: Generated<number | null>;
  created_at: Fixed<number>;
  /** What for, of `support` alone. */
  reason: Generated<string | null>;
}

/** A right that waits for somebody to take it up. Gone once it was. */
export interface InvitationTable {
  id: Fixed<string>;
  /** SHA-256 of the token, hex: the token itself is shown once. */
  token_hash: string;
  home_id: Fixed<string>;
  /** Whom it is for, lower case; null for whoever holds the link. */
  email: Fixed<string | null>;
  role: Fixed<string>;
  actions: Fixed<string>;
  devices: Fixed<string>;
  hours: Fixed<string | null>;
  access_until: Fixed<number | null>;
  created_by: Fixed<string>;
  created_at: Fixed<number>;
  expires_at: number;
}

/** Credentials of programs: what their user may do, narrowed. */
export interface ApiTokenTable {
  id: Fixed<string>;
  /** SHA-256 of the token, hex: the token itself is shown once. */
  token_hash: Fixed<string>;
  user_id: Fixed<string>;
  name: Fixed<string>;
  /** JSON array of `Action`. */
  actions: Fixed<string>;
  /** JSON array of device ids, or `["*"]`. */
  devices: Fixed<string>;
  created_at: Fixed<number>;
  expires_at: Fixed<number | null>;
  /** Exact to an hour. */
  used_at: number | null;
}

/** Keys in the devices of users that log them in (WebAuthn Level 3). */
export interface PasskeyTable {
  id: Fixed<string>;
  /** Minted by the authenticator, base64url. */
  credential_id: Fixed<string>;
  user_id: Fixed<string>;
  /** COSE key, base64url. */
  public_key: Fixed<string>;
  /** How often the authenticator says it signed; 0 for good where it does not count. */
  counter: number;
  /** JSON array of how the authenticator is reached. */
  transports: Fixed<string>;
  name: string;
  /** 1 when the key can be in several devices. */
  synced: Fixed<number>;
  created_at: Fixed<number>;
  used_at: number | null;
}

/** Challenges that were answered, so that none is answered twice. */
export interface UsedChallengeTable {
  challenge: Fixed<string>;
  /** From this instant the challenge is refused by its time, and the row can go. */
  refused_from: Fixed<number>;
}

/** Tries that failed, or have not come to an end; as many as `homes/failure-limiter.ts` remembers. */
export interface LoginTryTable {
  id: Generated<number>;
  /** SHA-256 of the limit and of whom or what it is about, hex. */
  key_hash: Fixed<string>;
  at: Fixed<number>;
}

/** Browsers in which somebody logged in before: what others guess does not count against them. */
export interface KnownDeviceTable {
  /** SHA-256 of the secret in the cookie, hex. */
  token_hash: Fixed<string>;
  user_id: Fixed<string>;
  /** The login that made it known last. */
  session_id: Fixed<string>;
  expires_at: Fixed<number>;
}

/** Accounts at another provider that log a user in (OpenID Connect Core 2: issuer and subject together never change). */
export interface IdentityTable {
  id: Fixed<string>;
  issuer: Fixed<string>;
  subject: Fixed<string>;
  user_id: Fixed<string>;
  /** As the provider said when it was linked. */
  email: Fixed<string | null>;
  created_at: Fixed<number>;
}

/** Who runs the platform. */
export interface OperatorTable {
  user_id: Fixed<string>;
  /** Null for good; else the provider has to say it again. */
  until: number | null;
}

/** Links that show one thing to whoever has them, by the right of the user who made them. */
export interface ShareTable {
  id: Fixed<string>;
  /** SHA-256 of the token in the link, hex. */
  token_hash: Fixed<string>;
  user_id: Fixed<string>;
  home_id: Fixed<string>;
  device_id: Fixed<string>;
  binding_epoch: Fixed<number>;
  kind: Fixed<'live' | 'clip' | 'event'>;
  channel: Fixed<number>;
  /** The time shared of what was recorded; null for `live`. */
  from_at: Fixed<number | null>;
  to_at: Fixed<number | null>;
  /** Our id of the event shared. */
  event_id: Fixed<string | null>;
  passcode_hash: Fixed<string | null>;
  watermark: Fixed<number>;
  created_at: Fixed<number>;
  expires_at: Fixed<number>;
}

/** Each time a share was opened. */
export interface ShareViewTable {
  id: Fixed<string>;
  share_id: Fixed<string>;
  at: Fixed<number>;
  address: Fixed<string>;
  user_agent: Fixed<string | null>;
}

/** Rights that ended lately, for processes the bus did not reach. */
export interface RevocationTable {
  id: Fixed<string>;
  scope: Fixed<'user' | 'session' | 'device'>;
  subject: Fixed<string>;
  at: Fixed<number>;
}

export interface BindingCodeTable {
  /** SHA-256 of the code, hex: the code itself is shown once. */
  code_hash: Fixed<string>;
  home_id: Fixed<string>;
  created_by: Fixed<string>;
  created_at: Fixed<number>;
  expires_at: Fixed<number>;
  used_at: number | null;
  used_by: string | null;
}

export interface DeviceTable {
  id: Fixed<string>;
  /** Null while the device belongs to no home. */
  home_id: string | null;
  name: string;
  vendor: string;
  model: string;
  serial: string;
  firmware: string;
  hardware: string | null;
  channels: number;
  low_power: number;
  /** 1 when an operator barred the device. */
  disabled: number;
  /** Rises at every bind, unbind and factory reset; tokens of an older epoch are dead. */
  binding_epoch: number;
  binding_id: string | null;
  bound_at: number | null;
  bound_by: string | null;
  /** JSON CapabilitySet as last read, with its hash. */
  capabilities: string | null;
  cap_hash: string | null;
  config_version: number | null;
  boot_id: string | null;
  /** JSON of the last keep-alive status. */
  last_status: string | null;
  last_seen_at: number | null;
  /** Raw Ed25519 key of its identity, base64url; null while it has not been heard since this is kept. */
  public_key: string | null;
  /** JSON array of the public keys the device was told last to encrypt recordings for; null: none ever. */
  recipients: string | null;
  created_at: Fixed<number>;
}

export interface ScheduleTable {
  id: Fixed<string>;
  device_id: Fixed<string>;
  request_id: Fixed<string>;
  /** SHA-256 of the request body, hex. */
  request_hash: Fixed<string>;
  created_at: Fixed<number>;
  expires_at: number;
  released_at: number | null;
}

/** Identity proofs that were shown: each is taken once. */
export interface UsedProofTable {
  device_id: Fixed<string>;
  jti: Fixed<string>;
  /** From this instant the proof is refused by its time, and the row can go. */
  refused_from: Fixed<number>;
}

export interface DeviceEventTable {
  device_id: Fixed<string>;
  /** Minted by the device; the pair is unique, which makes repeats harmless. */
  event_id: Fixed<string>;
  home_id: Fixed<string>;
  /** Our id, used in the user API. */
  id: Fixed<string>;
  kind: Fixed<'alarm' | 'device'>;
  type: Fixed<string>;
  channel: Fixed<number | null>;
  state: Fixed<string | null>;
  level: Fixed<number | null>;
  correlation_id: Fixed<string | null>;
  text: Fixed<string | null>;
  occurred_at: Fixed<number>;
  received_at: Fixed<number>;
  /** The message as received, JSON. */
  params: Fixed<string>;
  /** The answer given, JSON: a repeat gets the same. */
  answer: string;
  reviewed: number;
  /** 0 until what follows from it beside that people read it was done. */
  followed: number;
}

/** States of a video segment (protocol.md B7): only `stored` is visible to users. */
export type SegmentState = 'created' | 'stored' | 'cancelled' | 'expired' | 'garbage';

export interface SegmentTable {
  id: Fixed<string>;
  home_id: Fixed<string>;
  device_id: Fixed<string>;
  channel: Fixed<number>;
  stream: Fixed<string>;
  kind: Fixed<string>;
  client_segment_id: Fixed<string>;
  /** SHA-256 of the create body, hex: a repeat with another body is refused. */
  create_hash: Fixed<string>;
  state: SegmentState;
  start_at: number;
  end_at: number | null;
  size_bytes: number | null;
  /** Lower-case hex. */
  sha256: string | null;
  object_key: Fixed<string>;
  /** Name of the bytes before confirmation; null before the first whole upload. */
  upload_key: string | null;
  codecs: Fixed<string>;
  event_id: Fixed<string | null>;
  task_id: Fixed<string | null>;
  span_id: Fixed<string | null>;
  span_index: Fixed<number | null>;
  locked: number;
  binding_epoch: Fixed<number>;
  created_at: Fixed<number>;
  confirm_before: number;
  stored_at: number | null;
  /** 1 when the device never confirmed it, but whole and sound bytes were found at expiry. */
  recovered: number;
  /** Equal for segments that a player takes one after the other without starting anew; null when nobody looked. */
  format_hash: string | null;
  /** Its place in the chain of what its stream recorded, with the word of the device for it; null when the device said none. */
  chain_number: number | null;
  /** SHA-256 of the segment one place before, hex. */
  chain_previous: string | null;
  /** Ed25519, base64url. */
  chain_signature: string | null;
  /** Scheme by which the device encrypted it; null: not at all. */
  encryption: Fixed<string | null>;
  /** When its bytes were found to be lost or not the confirmed ones any more; null as far as anybody knows they are sound. */
  damaged_at: number | null;
}

/** Public keys of members, for whom devices encrypt recordings. */
export interface RecipientKeyTable {
  home_id: Fixed<string>;
  user_id: Fixed<string>;
  /** First 8 bytes of the SHA-256 of the key, hex. */
  key_id: Fixed<string>;
  /** Raw X25519 key, base64url. */
  public_key: Fixed<string>;
  name: string;
  created_at: Fixed<number>;
}

/** What holds of a channel from `at` on, until the next row of the same fact. Written by whoever learns it, read for timelines. */
export interface RecordingFactTable {
  home_id: Fixed<string>;
  device_id: Fixed<string>;
  /** 0: the device as a whole. */
  channel: Fixed<number>;
  fact: Fixed<string>;
  at: Fixed<number>;
  value: string;
}

/** Times that were not recorded, or are kept no more, and why. Rows of one reason do not overlap. */
export interface RecordingGapTable {
  home_id: Fixed<string>;
  device_id: Fixed<string>;
  /** 0: the device as a whole. */
  channel: Fixed<number>;
  reason: Fixed<string>;
  from_at: Fixed<number>;
  to_at: number;
}

/** What a home keeps, and each camera that has values of its own; null: not of its own. */
export interface RetentionPolicyTable {
  home_id: Fixed<string>;
  /** Empty: the home as a whole. */
  device_id: Fixed<string>;
  mode: 'continuous' | 'event' | 'off' | null;
  /** JSON array of `HourSpan` in the time zone of the home; empty: at all hours. */
  schedule: string | null;
  streams: 'all' | 'main' | 'sub' | null;
  days: number | null;
  /** Of recordings of events, and of those that people began. */
  event_days: number | null;
  quota_bytes: number | null;
}

export interface UploadStatisticTable {
  id: Fixed<string>;
  home_id: Fixed<string>;
  device_id: Fixed<string>;
  period_start_at: Fixed<number>;
  period_end_at: Fixed<number>;
  /** The report as received, JSON. */
  report: Fixed<string>;
}

/** Small objects devices put at a ticket: written when the bytes are durable. */
export interface UploadTable {
  /** Of the ticket. */
  id: Fixed<string>;
  kind: Fixed<'snapshot' | 'log'>;
  home_id: Fixed<string>;
  device_id: Fixed<string>;
  /** What it belongs to: an event, a task. */
  reference: Fixed<string>;
  object_key: Fixed<string>;
  content_type: Fixed<string>;
  size_bytes: Fixed<number>;
  /** Lower-case hex. */
  sha256: Fixed<string>;
  stored_at: Fixed<number>;
}

/** Uploads of kind `snapshot` that are pictures indeed; of several for one place the first counts. */
export interface PictureTable {
  /** Of the upload. */
  id: Fixed<string>;
  home_id: Fixed<string>;
  device_id: Fixed<string>;
  channel: Fixed<number>;
  /** What it was taken for: an alarm, a command of a user, or a look at the present. */
  purpose: Fixed<'alarm' | 'task' | 'look'>;
  /** `event_id` of the alarm, or the id of the task or look. */
  owner_id: Fixed<string>;
  /** From 1 within its owner. */
  number: Fixed<number>;
  /** Pixels. */
  width: Fixed<number>;
  height: Fixed<number>;
  stored_at: Fixed<number>;
}

/** Logs devices were asked for. */
export interface DeviceLogTable {
  task_id: Fixed<string>;
  home_id: Fixed<string>;
  device_id: Fixed<string>;
  /** JSON array of `LogType`. */
  types: Fixed<string>;
  requested_at: Fixed<number>;
  /** From then on a log that has not come is not expected any more. */
  give_up_at: Fixed<number>;
  state: 'requested' | 'stored' | 'failed' | 'noLogs' | 'cancelled';
  /** Code the device named. */
  error: number | null;
  /** Of the table `upload`. */
  upload_id: string | null;
  size_bytes: number | null;
}

/** Commands for devices that sleep, until they wake. */
export interface KeptCommandTable {
  /** Rises: commands run in this order. */
  id: Fixed<string>;
  device_id: Fixed<string>;
  /** The home for which it was asked. */
  home_id: Fixed<string>;
  method: Fixed<string>;
  /** JSON. */
  params: Fixed<string>;
  kept_at: Fixed<number>;
  expires_at: Fixed<number>;
}

/** Who did and saw what. Rows are never changed; each holds the hash of the one before. */
export interface AuditTable {
  /** From 1, without gaps. */
  seq: Fixed<number>;
  at: Fixed<number>;
  user_id: Fixed<string | null>;
  home_id: Fixed<string | null>;
  device_id: Fixed<string | null>;
  action: Fixed<string>;
  /** JSON. */
  detail: Fixed<string>;
  /** SHA-256, lower-case hex. */
  previous_hash: Fixed<string>;
  hash: Fixed<string>;
}

/** Signed firmware images, written when the bytes are durable. */
export interface FirmwareTable {
  id: Fixed<string>;
  /** Home that keeps it. */
  home_id: Fixed<string>;
  model: Fixed<string>;
  version: Fixed<string>;
  size_bytes: Fixed<number>;
  /** Lower-case hex. */
  sha256: Fixed<string>;
  /** Ed25519 of the maker over the raw bytes, base64. */
  signature: Fixed<string>;
  object_key: Fixed<string>;
  created_at: Fixed<number>;
}

export interface FirmwareCampaignTable {
  id: Fixed<string>;
  firmware_id: Fixed<string>;
  /** The user for whom the devices are asked; must still manage each of them then. */
  created_by: Fixed<string>;
  state: 'running' | 'halted' | 'done';
  /** Present wave; 0 is the canary. */
  wave: number;
  halt_at_failure_pct: Fixed<number>;
  created_at: Fixed<number>;
  ended_at: number | null;
}

/** Upgrades of single devices: those of campaigns, and those users asked for. */
export interface FirmwareTaskTable {
  id: Fixed<string>;
  device_id: Fixed<string>;
  home_id: Fixed<string>;
  /** Null where it is of none, or of one that was removed with its firmware. */
  campaign_id: string | null;
  wave: Fixed<number | null>;
  version: Fixed<string>;
  /** `UpgradeState` of the user API. */
  state: string;
  progress_pct: number;
  error_code: number | null;
  error_name: string | null;
  /** JSON array of the channels that recorded before; null when nobody looked. */
  recorded: string | null;
  expected_down_sec: number;
  /** When the device was heard about it last; null before it was asked. */
  heard_at: number | null;
  /** When `state` changed last. */
  changed_at: number;
  created_at: Fixed<number>;
  ended_at: number | null;
}

export interface IdempotencyTable {
  user_id: Fixed<string>;
  route: Fixed<string>;
  key: Fixed<string>;
  /** SHA-256 of the request, hex. */
  request_hash: Fixed<string>;
  /** JSON, sealed. */
  answer: Fixed<string>;
  created_at: Fixed<number>;
}

/** The columns of better-auth's tables that we read; it alone writes them. Instants are ISO 8601. */
export interface UserTable {
  id: Fixed<string>;
  name: Fixed<string>;
  /** Lower case. */
  email: Fixed<string>;
  /** ISO 8601. */
  createdAt: Fixed<string>;
  twoFactorEnabled: Fixed<number | null>;
}

export interface SessionTable {
  id: Fixed<string>;
  userId: Fixed<string>;
  expiresAt: Fixed<string>;
}

/** How a user proves who they are to better-auth; `credential` is the password. */
export interface AccountTable {
  userId: Fixed<string>;
  providerId: Fixed<string>;
}

export interface VerificationTable {
  expiresAt: Fixed<string>;
}

export interface SettingTable {
  name: Fixed<string>;
  value: string;
}

export type Row<T extends keyof Tables> = Selectable<Tables[T]>;
