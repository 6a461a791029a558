import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { type Identity, identitiesQuery, keys, methodsQuery } from '../api/queries.ts';
import { useApp } from '../app-context.ts';
import cards from '../parts/cards.module.css';
import form from '../parts/form.module.css';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { submitting } from '../parts/submitting.ts';
import { instantText } from '../time-text.ts';
import { ProviderButton } from './provider-button.tsx';
import { useStepUp } from './use-step-up.tsx';

/** The accounts at the provider with which the user logs in; nothing where no provider is set. */
export function IdentitiesSection() {
  const { t } = useTranslation();
  const { api } = useApp();
  const methods = useQuery(methodsQuery(api));
  const identities = useQuery({ ...identitiesQuery(api), enabled: methods.data?.provider !== undefined });
  const provider = methods.data?.provider?.label;
  if (provider === undefined) return null;
  return (
    <section>
      <h2 className={cards.title}>{t('identities.title', { provider })}</h2>
      <ul className={cards.list} aria-label={t('identities.title', { provider })}>
        {identities.data?.map((identity) => (
          <li key={identity.id}>
            <IdentityCard identity={identity} />
          </li>
        ))}
      </ul>
      {identities.data?.length === 0 && <ProviderButton errand={{ purpose: 'link', from: '/account' }} />}
    </section>
  );
}

function IdentityCard({ identity }: { readonly identity: Identity }) {
  const { t } = useTranslation();
  const { api, clock } = useApp();
  const queries = useQueryClient();
  const stepUp = useStepUp(t('passkeys.password'));
  const unlink = useMutation({
    mutationFn: () => stepUp.run(() => api.call('identity.delete', { params: { id: identity.id } })),
    onError: stepUp.onError,
    onSuccess: () => queries.invalidateQueries({ queryKey: keys.identities }),
  });
  const submit = submitting(() => unlink.mutate());
  return (
    <form className={cards.card} onSubmit={submit}>
      <div className={form.form}>
        <p className={cards.name}>{identity.email ?? identity.issuer}</p>
        <p className={cards.muted}>{t('identities.since', { time: instantText(identity.createdAt, clock.nowMs()) })}</p>
        {stepUp.fields}
        {unlink.isError && !stepUp.isQuestion(unlink.error) && <ProblemNotice problem={unlink.error} />}
      </div>
      <Button type="submit" variant="subtle" color="red" loading={unlink.isPending}>
        {t('identities.unlink')}
      </Button>
    </form>
  );
}
