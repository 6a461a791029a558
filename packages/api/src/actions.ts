/** What a member of a home may be allowed to do. */
export const actions = ['view.live', 'view.recordings', 'view.events', 'control', 'configure', 'share', 'manage'] as const;

export type Action = (typeof actions)[number];

/** `support` is somebody who runs the platform, for as long as the owner says. */
export const roles = ['owner', 'admin', 'member', 'guest', 'support'] as const;

export type Role = (typeof roles)[number];

/** What the owner may let support do: it neither looks after the home nor passes on what it may. */
export const supportActions = ['view.live', 'view.recordings', 'view.events', 'control', 'configure'] as const;

/** The actions each role starts with. */
export const roleActions: Readonly<Record<Role, readonly Action[]>> = {
  owner: actions,
  admin: actions,
  member: ['view.live', 'view.recordings', 'view.events', 'control', 'share'],
  guest: ['view.live'],
  support: supportActions,
};
