/** What a member of a home may be allowed to do. */
export const actions = ['view.live', 'view.recordings', 'view.events', 'control', 'configure', 'share', 'manage'] as const;

export type Action = (typeof actions)[number];

export type Role = 'owner' | 'admin' | 'member' | 'guest';

/** The actions each role starts with. */
export const roleActions: Readonly<Record<Role, readonly Action[]>> = {
  owner: actions,
  admin: actions,
  member: ['view.live', 'view.recordings', 'view.events', 'control', 'share'],
  guest: ['view.live'],
};
