import { conforms, RecordMode, RecordSchedule, recordLimits } from '@cardea/protocol';
import { isSensitivity, isZones, zoneLimits } from './detection/zones.ts';
import { isRecipients } from './recording/recording-encryption.ts';

/** One configuration key that has an effect on this device. */
export interface ConfigKeyRule {
  /** Keys of a channel exist once for each channel. */
  readonly scope: 'device' | 'channel';
  readonly initial: unknown;
  readonly accepts: (value: unknown) => boolean;
  /** What is accepted, for people. */
  readonly values: string;
  /** Devices that have no battery do not know the key. */
  readonly needs?: 'battery';
}

const text = (maxChars: number) => (value: unknown) => typeof value === 'string' && value.trim() !== '' && value.length <= maxChars;
const oneOf =
  (...allowed: readonly string[]) =>
  (value: unknown) =>
    typeof value === 'string' && allowed.includes(value);
const seconds = (max: number) => (value: unknown) => typeof value === 'number' && value >= 0 && value <= max;
const flag = (value: unknown) => typeof value === 'boolean';

const secondsFrom = (min: number, max: number) => (value: unknown) => typeof value === 'number' && value >= min && value <= max;
const isMode = (value: unknown) => conforms(RecordMode, value);
const isSchedule = (value: unknown) => conforms(RecordSchedule, value);
const isIds = (value: unknown) => Array.isArray(value) && value.length <= zoneLimits.max && value.every((id) => typeof id === 'string');

const MAX_NAME_CHARS = 64;
const MAX_BLIND_SEC = 3_600;
const MAX_POST_ROLL_SEC = 300;
const MODES = 'off, event, continuous, schedule (what record.*.schedule says)';
const SCHEDULE = 'up to 28 of {days: 0 (Sunday) to 6, startSec, endSec: seconds after midnight, mode?: continuous or event}';

/** Every key this device knows (B5.21); a key without an effect is not in it. */
export const configKeys = {
  'device.name': { scope: 'device', initial: '', accepts: text(MAX_NAME_CHARS), values: 'text of 1 to 64 characters' },
  'device.timezone': { scope: 'device', initial: 'UTC', accepts: isTimeZone, values: 'an IANA time zone' },
  'privacy.mode': { scope: 'channel', initial: 'off', accepts: oneOf('off', 'on'), values: 'off, on' },
  'record.local.mode': { scope: 'channel', initial: 'off', accepts: isMode, values: MODES },
  'record.local.schedule': { scope: 'channel', initial: [], accepts: isSchedule, values: SCHEDULE },
  'record.local.preRollSec': { scope: 'channel', initial: 5, accepts: seconds(recordLimits.preRollMaxSec), values: '0 to 30' },
  'record.local.postRollSec': { scope: 'channel', initial: 10, accepts: seconds(MAX_POST_ROLL_SEC), values: '0 to 300' },
  'record.local.audio': { scope: 'channel', initial: true, accepts: flag, values: 'true, false' },
  'record.local.overwrite': { scope: 'device', initial: true, accepts: flag, values: 'true, false' },
  'record.cloud.mode': { scope: 'channel', initial: 'continuous', accepts: isMode, values: MODES },
  'record.cloud.schedule': { scope: 'channel', initial: [], accepts: isSchedule, values: SCHEDULE },
  'record.cloud.streams': { scope: 'channel', initial: 'main', accepts: oneOf('main', 'sub', 'all'), values: 'main, sub, all' },
  'record.cloud.preRollSec': { scope: 'channel', initial: 5, accepts: seconds(recordLimits.preRollMaxSec), values: '0 to 30' },
  'record.cloud.postRollSec': { scope: 'channel', initial: 10, accepts: seconds(MAX_POST_ROLL_SEC), values: '0 to 300' },
  'record.cloud.audio': { scope: 'channel', initial: true, accepts: flag, values: 'true, false' },
  'record.encryption.mode': { scope: 'device', initial: 'off', accepts: oneOf('off', 'on'), values: 'off, on' },
  'record.encryption.recipients': {
    scope: 'device',
    initial: [],
    accepts: isRecipients,
    values: 'up to 64 public keys (X25519, base64url) of those who can open recordings',
  },
  'detect.motion.enabled': { scope: 'channel', initial: false, accepts: flag, values: 'true, false' },
  'detect.motion.sensitivity': { scope: 'channel', initial: 5, accepts: isSensitivity, values: '1 (dull) to 10 (sharp)' },
  'detect.motion.blindSec': { scope: 'channel', initial: 10, accepts: seconds(MAX_BLIND_SEC), values: '0 to 3600' },
  'detect.motion.maxSec': { scope: 'channel', initial: 60, accepts: secondsFrom(5, MAX_BLIND_SEC), values: '5 to 3600' },
  'detect.motion.zoneIds': { scope: 'channel', initial: [], accepts: isIds, values: 'ids of zones; none means all' },
  'detect.motion.decode': { scope: 'channel', initial: true, accepts: flag, values: 'true, false' },
  zones: {
    scope: 'channel',
    initial: [],
    accepts: isZones,
    values: 'up to 8 of {id, name?, use: motion or ignore, vertices: 3 to 12 of {x, y} in 0..1, sensitivity?: 1..10}',
  },
  'power.workMode': {
    scope: 'device',
    initial: 'custom',
    accepts: oneOf('performance', 'balanced', 'powerSave', 'custom'),
    values: 'performance, balanced, powerSave, or custom (sleeps after power.sleepAfterSec)',
    needs: 'battery',
  },
  'power.sleepAfterSec': { scope: 'device', initial: 15, accepts: secondsFrom(5, 300), values: '5 to 300', needs: 'battery' },
  'power.lowBatteryPct': { scope: 'device', initial: 15, accepts: secondsFrom(5, 50), values: '5 to 50', needs: 'battery' },
} as const satisfies Record<string, ConfigKeyRule>;

export type ConfigKeyName = keyof typeof configKeys;

/** Whether a device with or without a battery knows the key. */
export function fitsDevice(key: ConfigKeyName, hasBattery: boolean): boolean {
  const rule: ConfigKeyRule = configKeys[key];
  return rule.needs === undefined || hasBattery;
}

export function isConfigKey(key: string): key is ConfigKeyName {
  return Object.hasOwn(configKeys, key);
}

/** Whether `key` is `prefix` or lies below it. */
export function isBelow(key: string, prefix: string): boolean {
  return key === prefix || key.startsWith(`${prefix}.`);
}

/** Keys that are `prefix` or lie below it. */
export function keysBelow(prefix: string): readonly ConfigKeyName[] {
  return Object.keys(configKeys).filter((key): key is ConfigKeyName => isConfigKey(key) && isBelow(key, prefix));
}

function isTimeZone(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  try {
    Intl.DateTimeFormat('en', { timeZone: value });
    return true;
  } catch {
    return false;
  }
}
