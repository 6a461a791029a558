import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { keys } from '../api/queries.ts';
import { useApp } from '../app-context.ts';
import { ProblemNotice } from '../parts/problem-notice.tsx';

/** Ends what support may do in a home, by one tap. */
export function EndSupportButton({ homeId, userId }: { readonly homeId: string; readonly userId: string }) {
  const { t } = useTranslation();
  const { api } = useApp();
  const queries = useQueryClient();
  const end = useMutation({
    mutationFn: () => api.call('member.delete', { params: { id: homeId, userId } }),
    onSuccess: () => Promise.all([keys.members(homeId), keys.homes].map((queryKey) => queries.invalidateQueries({ queryKey }))),
  });
  return (
    <>
      {end.isError && <ProblemNotice problem={end.error} />}
      <Button color="red" loading={end.isPending} onClick={() => end.mutate()}>
        {t('support.end')}
      </Button>
    </>
  );
}
