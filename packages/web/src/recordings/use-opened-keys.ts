import type { RecipientKey } from '@cardea/media';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { keys } from '../api/queries.ts';

export interface OpenedKeys {
  readonly opened: readonly RecipientKey[];
  readonly add: (key: RecipientKey) => void;
}

/** More nobody opens in one page. */
const MOST = 16;

/** The keys that were taken out of their files in this page: they go with it, and with whoever logs out. */
export function useOpenedKeys(): OpenedKeys {
  const queries = useQueryClient();
  const { data: opened } = useQuery<readonly RecipientKey[]>({
    queryKey: keys.openedKeys,
    queryFn: () => [],
    initialData: [],
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: Number.POSITIVE_INFINITY,
  });
  const add = (key: RecipientKey): void => {
    queries.setQueryData<readonly RecipientKey[]>(keys.openedKeys, (before = []) => [key, ...before].slice(0, MOST));
  };
  return { opened, add };
}
