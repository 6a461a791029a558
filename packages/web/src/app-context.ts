import type { Client } from '@cardea/api';
import { createContext, use } from 'react';
import type { Clock } from './clock.ts';
import type { LastPictures } from './player/last-pictures.ts';

/** What the whole app shares. */
export interface AppServices {
  readonly api: Client;
  readonly clock: Clock;
  readonly pictures: LastPictures;
}

export const AppContext = createContext<AppServices | undefined>(undefined);

export function useApp(): AppServices {
  const services = use(AppContext);
  if (services === undefined) throw new TypeError('outside of the app');
  return services;
}
