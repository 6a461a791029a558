import { hoursWithin } from '@cardea/core';
import type { CapabilitySet, RecordSchedule } from '@cardea/protocol';
import type { RecordingWish } from './ports.ts';

export const MODE_KEY = 'record.cloud.mode';
export const PRIVACY_KEY = 'privacy.mode';
export const RECIPIENTS_KEY = 'record.encryption.recipients';
const SCHEDULE_KEY = 'record.cloud.schedule';
const STREAMS_KEY = 'record.cloud.streams';
const TIMEZONE_KEY = 'device.timezone';

type Values = Readonly<Record<string, unknown>>;

/** Whether the device keeps to hours of a week by itself. */
export function keepsHours({ configKeys, storage }: CapabilitySet): boolean {
  return storage?.cloudModes.includes('schedule') === true && knows(configKeys, SCHEDULE_KEY) && knows(configKeys, TIMEZONE_KEY);
}

/** Keys of the device as a whole by which it does as `wish` says. */
export function deviceKeysFor({ mode, hours }: RecordingWish, capabilities: CapabilitySet): Values {
  if (mode === undefined || mode === 'off' || hours === undefined || !keepsHours(capabilities)) return {};
  return { [TIMEZONE_KEY]: hours.timezone };
}

/**
 * Keys of each channel by which it does as `wish` says at `now` (Unix ms). A device that keeps to no hours itself gets the mode
 * of the moment.
 */
export function channelKeysFor(wish: RecordingWish, capabilities: CapabilitySet, now: number): Values {
  const { mode, hours, streams } = wish;
  const ofStreams = streams !== undefined && knows(capabilities.configKeys, STREAMS_KEY) ? { [STREAMS_KEY]: streams } : {};
  if (mode === undefined) return ofStreams;
  if (hours === undefined || mode === 'off') return { [MODE_KEY]: mode, ...ofStreams };
  if (!keepsHours(capabilities)) {
    const isOpen = hoursWithin(hours.parts, { from: now, to: now + 1 }, hours.timezone).length > 0;
    return { [MODE_KEY]: isOpen ? mode : 'off', ...ofStreams };
  }
  const schedule: RecordSchedule = hours.parts.map(({ days, startSec, endSec }) => ({ days: [...days], startSec, endSec, mode }));
  return { [MODE_KEY]: 'schedule', [SCHEDULE_KEY]: schedule, ...ofStreams };
}

/** Those of `wanted` that `config` has otherwise. */
export function differing(wanted: Values, config: Values): Values {
  return Object.fromEntries(Object.entries(wanted).filter(([key, value]) => !isSame(config[key], value)));
}

/** Members of objects may come in any order. */
function isSame(one: unknown, other: unknown): boolean {
  return sorted(one) === sorted(other);
}

function sorted(value: unknown): string {
  return JSON.stringify(value, (_name, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part) ? Object.fromEntries(Object.entries(part).toSorted()) : part,
  );
}

/** Devices announce keys, or what several begin with. */
function knows(announced: readonly string[], key: string): boolean {
  return announced.some((known) => key === known || key.startsWith(`${known}.`));
}
