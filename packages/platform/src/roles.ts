import { AppError } from '@cardea/core';
import type { Config } from './config.ts';

const everyRole = ['scheduling', 'access', 'media', 'video', 'api'] as const;
export type Role = (typeof everyRole)[number];

/**
 * What this process does of the platform's work.
 * @throws AppError INVALID_PARAMS for a part without a bus to the others, and for `api` without `media` or the reverse
 */
export function rolesOf(config: Pick<Config, 'role' | 'bus.url'>): readonly Role[] {
  if (config.role === 'all') return everyRole;
  const named = config.role.split(',');
  const roles = everyRole.filter((role) => named.includes(role));
  if (config['bus.url'] === '') refuse(config, 'a process with a part of the roles needs bus.url, to work together with the others');
  // The live sessions the API makes are kept in the memory of the media broadcasting service.
  if (roles.includes('api') !== roles.includes('media')) refuse(config, 'the roles api and media belong in one process');
  return roles;
}

function refuse({ role }: Pick<Config, 'role'>, message: string): never {
  throw new AppError('INVALID_PARAMS', { role }, { message });
}
