/**
 * Every timer and limit of profile hss-open-1, sections B2-B7 and C. Names carry the unit; both ends and the schemas read
 * them from here. Values are project choices: the contents list of H.627.2 names procedures, not numbers.
 */

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** B(n) = random(jitterLow..1) x min(base x 2^n, cap); base and cap of the schedule win over these. */
export const backoffDefaults = {
  baseMs: 2 * SECOND_MS,
  capMs: 30 * SECOND_MS,
  /** After an outage of this length the longer cap holds. */
  longOutageAfterMs: 10 * MINUTE_MS,
  longOutageCapMs: 300 * SECOND_MS,
  jitterLow: 0.5,
  /** A connection that lasted this long counts as recovered. */
  stableAfterMs: MINUTE_MS,
} as const;

/** Vs, B2 and C1. */
export const vsTimers = {
  requestTimeoutMs: 10 * SECOND_MS,
  ttlDefaultSec: 86_400,
  ttlMinSec: 600,
  ttlMaxSec: 604_800,
  /** The device schedules anew when this part of the ttl is over. */
  renewAtFraction: 0.8,
  maxRedirects: 3,
  /** After so many failures the last good Vd address is tried once. */
  failuresBeforeLastGood: 5,
  identityTokenMaxAgeSec: 300,
  clockSkewToleranceSec: 60,
  /** The device corrects its clock when it is off by more. */
  clockStepMs: 2 * SECOND_MS,
  authInvalidTries: 3,
  authInvalidRetryMs: MINUTE_MS,
  authInvalidSlowRetryMs: 15 * MINUTE_MS,
  refusedRetryMs: 30 * MINUTE_MS,
  refusedRetryOnBatteryMs: 6 * HOUR_MS,
  requestsPerMinPerDevice: 10,
  requestsPerSecPerSource: 100,
  vdTokenTtlMs: 10 * MINUTE_MS,
} as const;

/** Re-scheduling, B5.6 and C2. */
export const rescheduleTimers = {
  deadlineDefaultSec: 60,
  deadlineMinSec: 10,
  deadlineMaxSec: 3_600,
  jitterDefaultSec: 30,
  failuresBeforeVs: 3,
  /** The new connection is dropped when its first keep-alive is not answered in this time. */
  firstKeepAliveTimeoutMs: 10 * SECOND_MS,
  /** Requests in flight on the old connection may still finish. */
  inFlightGraceMs: 15 * SECOND_MS,
  /** The older connection is closed at the first keep-alive of the newer, or after this. */
  replaceAfterMs: 5 * SECOND_MS,
  retryWhileUpgradingMs: 10 * MINUTE_MS,
} as const;

/** Vd session and connection, B3 and C3. */
export const vdTimers = {
  tlsTimeoutMs: 5 * SECOND_MS,
  openTimeoutMs: 10 * SECOND_MS,
  rpcTimeoutMs: 10 * SECOND_MS,
  keepAliveDefaultSec: 30,
  keepAliveMinSec: 5,
  keepAliveMaxSec: 3_600,
  keepAliveJitter: 0.1,
  /** Offline after this many intervals without a frame. */
  keepAliveMissedDefault: 3,
  /** The device gives the connection up after this many unanswered keep-alives. */
  unansweredKeepAlivesMax: 2,
  firstKeepAliveMs: 5 * SECOND_MS,
  firstKeepAliveGraceMs: 5 * SECOND_MS,
  /** A lost device stays `suspect` so long before it is `offline`. */
  suspectMs: 90 * SECOND_MS,
  /** A request to a suspect device waits so long for its return. */
  suspectWaitMs: 10 * SECOND_MS,
  attemptsBeforeVs: 2,
  replacedWaitMs: 60 * SECOND_MS,
  refusedWaitMs: 30 * MINUTE_MS,
  versionUnsupportedWaitMs: DAY_MS,
  replacementWindowMs: 10 * MINUTE_MS,
  replacementRetryAfterSec: 300,
  eventKeptMs: DAY_MS,
} as const;

/** Vd limits, B3 and B5.2. */
export const vdLimits = {
  maxMessageBytes: 65_536,
  maxDepth: 16,
  maxKeysPerObject: 256,
  maxInFlight: 16,
  maxCommandsPerSec: 10,
  /** A request above the in-flight or rate limit may wait this long before it is refused. */
  maxQueueingMs: SECOND_MS,
  /** More than this in a minute closes the connection with 1002. */
  maxMalformedPerMin: 10,
  /** More replacements than this in `replacementWindowMs` are refused with 429. */
  maxReplacements: 5,
  minEventsKept: 200,
  eventsResentPerSec: 5,
  eventsPerMin: 120,
} as const;

/** How long a command for a sleeping device is kept, C11 step 3. */
export const queueMs = { live: 15 * SECOND_MS, config: DAY_MS, other: 60 * SECOND_MS } as const;

/** Sleeping and waking, C11 and B5.26. */
export const sleepTimers = {
  sleepAfterDefaultSec: 15,
  announceTimeoutMs: 3 * SECOND_MS,
  heartbeatDefaultSec: 60,
  heartbeatsMissedMax: 3,
  wakeTimeoutMs: 10 * SECOND_MS,
  /** The wake signal is repeated so long after the first. */
  wakeRepeatAfterMs: [3 * SECOND_MS, 6 * SECOND_MS],
  firstKeepAliveMs: 3 * SECOND_MS,
  reconnectTries: 3,
  keepAwakeDefaultSec: 30,
  keepAwakeMaxSec: 300,
  keepAwakeMinGrantSec: 10,
  criticalKeepAliveMs: 15 * MINUTE_MS,
} as const;

/** Binding and unbinding, C4. */
export const bindingTimers = {
  codeTtlMs: 10 * MINUTE_MS,
  reportTimeoutMs: 10 * SECOND_MS,
  reportRetries: 3,
  reportRetryMs: 5 * SECOND_MS,
  joinNetworkMs: 30 * SECOND_MS,
  farewellMs: 5 * SECOND_MS,
} as const;

/** Live video, B5.12 and C5. */
export const liveTimers = {
  ttlDefaultSec: 60,
  ttlMinSec: 10,
  ttlMaxSec: 3_600,
  /** The platform renews when this part of the ttl is over. */
  renewAtFraction: 0.5,
  lingerMs: 10 * SECOND_MS,
  publishedTimeoutMs: 8 * SECOND_MS,
  busyRetryMs: SECOND_MS,
  keyframeMs: 500,
  keyframeMinIntervalMs: SECOND_MS,
} as const;

/** Vm, B6. */
export const vmTimers = {
  connectTimeoutMs: 5 * SECOND_MS,
  publishTimeoutMs: 5 * SECOND_MS,
  firstKeyframeMs: 3 * SECOND_MS,
  mediaSilenceMs: 10 * SECOND_MS,
  retryDelaysMs: [1 * SECOND_MS, 2 * SECOND_MS, 4 * SECOND_MS],
  closeAfterStopMs: 2 * SECOND_MS,
  maxFragmentMs: SECOND_MS,
  /** A send queue longer than this drops to the next key frame. */
  maxSendQueueMs: 2 * SECOND_MS,
  dropsBeforeLowerRate: 3,
  dropWindowMs: 30 * SECOND_MS,
  talkFrameMs: 20,
  maxTextFrameBytes: 65_536,
} as const;

/** Playing recordings of the device, B5.23-25 and C6. */
export const playbackTimers = {
  ttlDefaultSec: 120,
  ttlMinSec: 10,
  ttlMaxSec: 3_600,
  seekMs: 2 * SECOND_MS,
  pollMs: 2 * SECOND_MS,
  keptAfterEndMs: 30 * SECOND_MS,
} as const;

/** Recording tasks, B5.14. */
export const recordLimits = { durationMaxSec: 86_400, preRollMaxSec: 30 } as const;

/** Alarms, B5.16. */
export const alarmTimers = {
  reportMs: SECOND_MS,
  updateMinIntervalMs: 5 * SECOND_MS,
  pictureTicketMinMs: 60 * SECOND_MS,
  pictureTicketMaxMs: 15 * MINUTE_MS,
  maxSnapshotTickets: 3,
} as const;

/** The head, B5.17. */
export const ptzLimits = {
  controlTimeoutMs: 5 * SECOND_MS,
  moveDefaultMs: SECOND_MS,
  moveMinMs: 100,
  moveMaxMs: 10 * SECOND_MS,
  presetMax: 255,
  presetNameMaxChars: 32,
} as const;

/** Still pictures, B5.22 and C14. */
export const snapshotLimits = {
  timeoutMs: 15 * SECOND_MS,
  ticketTtlMs: 60 * SECOND_MS,
  inlineMaxBytes: 32_768,
  qualityDefault: 80,
  countMax: 10,
  intervalMinMs: 200,
} as const;

/** Power supply, B5.27. */
export const batteryTimers = { minIntervalMs: 60 * SECOND_MS, minChangePct: 2 } as const;

/** Clock of the device, B5.9 and B5.10. */
export const clockLimits = {
  /** A larger step cuts the running recording. */
  stepMs: 2 * SECOND_MS,
  /** The platform sets a clock that is off by more and follows no time server. */
  maxOffsetMs: SECOND_MS,
} as const;

/** Restarting, B5.4 and B5.5. */
export const rebootTimers = {
  delayDefaultSec: 1,
  delayMaxSec: 3_600,
  closeSegmentsMs: 30 * SECOND_MS,
  /** A reboot succeeded when the device is back within the expected time plus this. */
  marginMs: 60 * SECOND_MS,
} as const;

/** Firmware, B5.7 and C10. */
export const firmwareTimers = {
  retriesDefault: 3,
  retryIntervalDefaultSec: 60,
  stallMs: 60 * SECOND_MS,
  bootCheckMs: 5 * MINUTE_MS,
  /** The task is lost when the device stays silent for the expected time plus this. */
  lostMarginMs: 10 * MINUTE_MS,
  minBatteryDefaultPct: 30,
  progressStepPct: 10,
} as const;

/** Logs, B5.29 and C12. */
export const logTimers = {
  collectMs: 60 * SECOND_MS,
  retriesDefault: 3,
  retryIntervalDefaultSec: 30,
  giveUpMarginMs: 5 * MINUTE_MS,
} as const;

/** Disks, B5.32. */
export const diskTimers = { formatMaxMs: 10 * MINUTE_MS, pollMs: 2 * SECOND_MS } as const;

/** Vr, B7 and C7-C9. */
export const vrTimers = {
  requestTimeoutMs: 10 * SECOND_MS,
  targetSegmentSec: 10,
  minSegmentSec: 1,
  maxSegmentSec: 60,
  uploadTicketTtlMs: 15 * MINUTE_MS,
  confirmBeforeMs: DAY_MS,
  /** An upload may take uploadBaseMs + size / uploadMinBytesPerSec. */
  uploadBaseMs: 30 * SECOND_MS,
  uploadMinBytesPerSec: 50_000,
  uploadRetryDelaysMs: [1 * SECOND_MS, 4 * SECOND_MS, 16 * SECOND_MS],
  createRetryMs: 30 * MINUTE_MS,
  maxBacklogDefaultSec: 1_800,
  eventBacklogMs: DAY_MS,
  serverInfoPollMs: 6 * HOUR_MS,
  statisticsPeriodMs: 10 * MINUTE_MS,
  maxPastMs: 7 * DAY_MS,
  maxFutureMs: 5 * MINUTE_MS,
  /** Times of confirm may differ from those of create by this. */
  confirmToleranceMs: 60 * SECOND_MS,
  overlapToleranceMs: SECOND_MS,
  expiryJobMs: 5 * MINUTE_MS,
  expiredObjectKeptMs: DAY_MS,
  /** Seconds younger than 2 x the segment length plus this are neither video nor gap yet. */
  timelineMarginMs: 30 * SECOND_MS,
} as const;

export const vrLimits = {
  maxSegmentBytes: 52_428_800,
  maxSegmentsPerCreate: 10,
  maxConcurrentUploads: 2,
} as const;
