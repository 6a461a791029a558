import type { BodyOf, RouteOf } from '@cardea/api';
import { roleActions } from '@cardea/api';
import type { Member } from '../api/queries.ts';
import { type Preset, presetOf } from './role-text.ts';

/** What the form asks for. */
export interface RoleChoice {
  readonly preset: Preset;
  /** `undefined`: all cameras, those to come as well. */
  readonly devices: readonly string[] | undefined;
  /** `HH:MM` each; at all hours when either is empty. */
  readonly from: string;
  readonly to: string;
  /** Last day, `YYYY-MM-DD`; for good when empty. */
  readonly lastDay: string;
}

export const freshChoice: RoleChoice = { preset: 'guest', devices: undefined, from: '', to: '', lastDay: '' };

type Invitation = BodyOf<RouteOf<'member.invite'>>;

/** The part of a request that says what somebody may do. */
export function wishOf({ preset, devices, from, to, lastDay }: RoleChoice): Pick<Invitation, 'role' | 'accessUntil'> {
  const hours = from !== '' && to !== '' ? [{ from, to }] : undefined;
  const isWhole = devices === undefined && hours === undefined;
  const permission = { actions: [...roleActions[preset]], devices: [...(devices ?? ['*'])], ...(hours && { hours }) };
  return { role: isWhole ? preset : permission, ...(lastDay !== '' && { accessUntil: endOfDay(lastDay) }) };
}

/** The choice that stands for what a member may do now; a right of its own becomes the smallest preset above it. */
export function choiceOf({ actions, devices, hours = [], accessUntil }: Member): RoleChoice {
  const [span] = hours;
  const fits = (preset: Preset): boolean => actions.every((action) => (roleActions[preset] as readonly string[]).includes(action));
  return {
    preset: presetOf(actions) ?? (['guest', 'member', 'admin'] as const).find(fits) ?? 'admin',
    devices: devices.includes('*') ? undefined : devices,
    from: span?.from ?? '',
    to: span?.to ?? '',
    lastDay: accessUntil === undefined ? '' : dayOf(accessUntil - 1),
  };
}

function endOfDay(day: string): number {
  const end = new Date(`${day}T00:00:00`);
  end.setDate(end.getDate() + 1);
  return end.getTime();
}

function dayOf(instant: number): string {
  const date = new Date(instant);
  return [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, '0')).join('-');
}
