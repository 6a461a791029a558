import { AppError } from '@cardea/core';
import type { Config } from './config.ts';

const everyRole = ['scheduling', 'access', 'media', 'video', 'api'] as const;
export type Role = (typeof everyRole)[number];

/**
 * What this process does of the platform's work.
 * @throws AppError INVALID_PARAMS for a part without a bus to the others
 */
export function rolesOf(config: Pick<Config, 'role' | 'bus.url'>): readonly Role[] {
  if (config.role === 'all') return everyRole;
  const named = config.role.split(',');
  const roles = everyRole.filter((role) => named.includes(role));
  if (config['bus.url'] === '') {
    const message = 'a process with a part of the roles needs bus.url, to work together with the others';
    throw new AppError('INVALID_PARAMS', { role: config.role }, { message });
  }
  return roles;
}
