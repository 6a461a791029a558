import { roleActions } from '@cardea/api';
import type { TFunction } from 'i18next';
import type { Device, Member } from '../api/queries.ts';
import { instantText } from '../time-text.ts';

export const presets = ['guest', 'member', 'admin'] as const;

export type Preset = (typeof presets)[number];

/** What a member may do, in a word: the preset with these actions, or that it is one of its own. */
export function roleName(t: TFunction, { role, actions }: Pick<Member, 'role' | 'actions'>): string {
  if (role === 'owner' || role === 'support') return t(`members.role.${role}`);
  const preset = presetOf(actions);
  return preset === undefined ? t('members.role.custom') : t(`members.role.${preset}`);
}

/** The preset that gives exactly these actions. */
export function presetOf(actions: readonly string[]): Preset | undefined {
  return presets.find(
    (preset) => roleActions[preset].length === actions.length && roleActions[preset].every((one) => actions.includes(one)),
  );
}

/** Which cameras, at what hours, until when: what narrows a role, one phrase each. */
export function limitsText(t: TFunction, member: Member, devices: readonly Device[], now: number): readonly string[] {
  const { accessUntil, devices: ids, hours = [] } = member;
  const names = ids.flatMap((id) => devices.find((device) => device.id === id)?.name ?? []);
  return [
    ...(ids.includes('*') ? [] : [names.length === 0 ? t('members.noCameras') : new Intl.ListFormat().format(names)]),
    ...hours.map(({ from, to }) => t('members.between', { from, to })),
    ...(accessUntil === undefined ? [] : [t('members.until', { time: instantText(accessUntil, now) })]),
  ];
}
