import { Button } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { methodsQuery } from '../api/queries.ts';
import { useApp } from '../app-context.ts';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { goToProvider, type ProviderErrand, reasonOf } from './provider.ts';

/** Leads to the provider of logins; nothing where none is set. */
export function ProviderButton({ errand }: { readonly errand: ProviderErrand }) {
  const { t } = useTranslation();
  const { api } = useApp();
  const methods = useQuery(methodsQuery(api));
  const go = useMutation({ mutationFn: () => goToProvider(api, errand) });
  const label = methods.data?.provider?.label;
  if (label === undefined) return null;
  return (
    <>
      <Button variant="default" loading={go.isPending} onClick={() => go.mutate()}>
        {t(errand.purpose === 'login' ? 'login.withProvider' : 'identities.link', { provider: label })}
      </Button>
      {go.isError && <ProviderProblem problem={go.error} />}
    </>
  );
}

/** Why nobody was logged in. */
export function ProviderProblem({ problem }: { readonly problem: Error }) {
  const { t } = useTranslation();
  const reason = reasonOf(problem);
  return reason === undefined ? <ProblemNotice problem={problem} /> : <ProblemNotice problem={problem} text={t(`identities.${reason}`)} />;
}
