import { useQuery } from '@tanstack/react-query';
import { homesQuery } from '../api/queries.ts';
import { useApp } from '../app-context.ts';

/** Whether the user manages a home to add cameras to; taken for granted until that is known. */
export function useMayAdd(): boolean {
  const homes = useQuery(homesQuery(useApp().api));
  return homes.data?.some(({ actions }) => actions.includes('manage')) ?? true;
}
