import type { Action, HourSpan } from '@cardea/api';
import { AppError } from '@cardea/core';
import { closingTime } from './opening-hours.ts';

/** What a membership, a token or a share lets its holder do: some actions, on some devices, at some hours, for some time. */
export interface Grant {
  readonly actions: readonly Action[];
  /** Ids, or `*` for all of the home. */
  readonly devices: readonly string[];
  /** At all hours when left out. */
  readonly hours?: readonly HourSpan[] | undefined;
  /** Unix ms; for good when left out. */
  readonly until?: number | undefined;
  /** Of recordings only what falls into this, Unix ms; all when left out. */
  readonly recorded?: TimeRange | undefined;
}

export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

export interface Moment {
  readonly now: number;
  /** IANA zone of the home. */
  readonly timezone: string;
}

/** Whether the grant says anything about the device, or about the home as a whole for `*`. */
export function covers({ devices, until = Number.POSITIVE_INFINITY }: Grant, deviceId: string, now: number): boolean {
  return until > now && (devices.includes('*') || devices.includes(deviceId));
}

export function allows({ actions, hours }: Grant, action: Action, { now, timezone }: Moment): boolean {
  return actions.includes(action) && (hours === undefined || closingTime(hours, now, timezone) !== undefined);
}

/** When the grant stops to hold by itself, as far as can be told now; `undefined` when it does not. */
export function holdsUntil({ hours, until }: Grant, { now, timezone }: Moment): number | undefined {
  const closing = hours === undefined ? undefined : (closingTime(hours, now, timezone) ?? now);
  return earliest(closing, until);
}

export function earliest(...instants: readonly (number | undefined)[]): number | undefined {
  const known = instants.filter((instant) => instant !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

/** @throws AppError FORBIDDEN when `wanted` is more than `held` */
export function assertWithin(wanted: Grant, held: Grant): void {
  const actionsMore = wanted.actions.filter((action) => !held.actions.includes(action));
  const devicesMore = held.devices.includes('*') ? [] : wanted.devices.filter((device) => !held.devices.includes(device));
  const hoursMore = held.hours !== undefined && JSON.stringify(wanted.hours) !== JSON.stringify(held.hours);
  const longer = held.until !== undefined && (wanted.until === undefined || wanted.until > held.until);
  if (actionsMore.length > 0 || devicesMore.length > 0 || hoursMore || longer) {
    throw new AppError('FORBIDDEN', { actions: actionsMore, devices: devicesMore }, { message: 'nobody can give more than they have' });
  }
}

/** A grant as the tables keep it. */
export interface StoredGrant {
  readonly actions: string;
  readonly devices: string;
  readonly hours: string | null;
  readonly access_until: number | null;
}

export function grantOf({ actions, devices, hours, access_until }: StoredGrant): Grant {
  return {
    actions: JSON.parse(actions) as Action[],
    devices: JSON.parse(devices) as string[],
    ...(hours !== null && { hours: JSON.parse(hours) as HourSpan[] }),
    ...(access_until !== null && { until: access_until }),
  };
}

export function storedGrant({ actions, devices, hours, until }: Grant): StoredGrant {
  return {
    actions: JSON.stringify(actions),
    devices: JSON.stringify(devices),
    hours: hours === undefined ? null : JSON.stringify(hours),
    access_until: until ?? null,
  };
}
