import { ApiProblem, supportActions } from '@cardea/api';
import { Button, Modal, NativeSelect, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { keys } from '../api/queries.ts';
import { useApp } from '../app-context.ts';
import cards from '../parts/cards.module.css';
import form from '../parts/form.module.css';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { submitting } from '../parts/submitting.ts';
import { CameraChoice } from './camera-choice.tsx';

type SupportAction = (typeof supportActions)[number];

const durations = [1, 4, 24] as const;

/** Lets somebody who runs the platform look into a home: who, why, at what, how long. */
export function SupportDialog({ homeId, onClose }: { readonly homeId: string; readonly onClose: () => void }) {
  const { t } = useTranslation();
  const { api } = useApp();
  const queries = useQueryClient();
  const [email, setEmail] = useState('');
  const [reason, setReason] = useState('');
  const [actions, setActions] = useState<readonly SupportAction[]>(['view.live']);
  const [devices, setDevices] = useState<readonly string[]>();
  const [hours, setHours] = useState<number>(durations[0]);
  const grant = useMutation({
    mutationFn: () => {
      const body = { email: email.trim(), reason: reason.trim(), actions: [...actions], devices: [...(devices ?? ['*'])], hours };
      return api.call('support.create', { params: { id: homeId }, body });
    },
    onSuccess: async () => {
      await Promise.all([keys.members(homeId), keys.homes].map((queryKey) => queries.invalidateQueries({ queryKey })));
      onClose();
    },
  });
  const toggle = (action: SupportAction, on: boolean): void =>
    setActions(supportActions.filter((one) => (one === action ? on : actions.includes(one))));
  return (
    <Modal opened onClose={onClose} title={t('support.title')} closeButtonProps={{ 'aria-label': t('app.close'), size: 44, iconSize: 20 }}>
      <form className={form.form} onSubmit={submitting(() => grant.mutate())}>
        <p>{t('support.lead')}</p>
        <TextInput
          type="email"
          required
          label={t('support.email')}
          description={t('support.emailHint')}
          maxLength={254}
          data-autofocus
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        <TextInput
          required
          label={t('support.reason')}
          description={t('support.reasonHint')}
          maxLength={200}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        <fieldset className={cards.group}>
          <legend>{t('members.may')}</legend>
          {supportActions.map((action) => (
            <label key={action} className={cards.choice}>
              <input type="checkbox" checked={actions.includes(action)} onChange={(event) => toggle(action, event.currentTarget.checked)} />
              {t(`tokens.action.${action}`)}
            </label>
          ))}
        </fieldset>
        <CameraChoice homeId={homeId} chosen={devices} onChange={setDevices} />
        <NativeSelect
          size="md"
          label={t('support.hours')}
          value={hours}
          onChange={(event) => setHours(Number(event.currentTarget.value))}
          data={durations.map((count) => ({ value: String(count), label: t('support.hoursOf', { count }) }))}
        />
        {grant.isError && <GrantProblem problem={grant.error} />}
        <div className={form.row}>
          <Button variant="default" onClick={onClose}>
            {t('app.cancel')}
          </Button>
          <Button type="submit" loading={grant.isPending} disabled={actions.length === 0 || devices?.length === 0}>
            {t('support.letIn')}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

function GrantProblem({ problem }: { readonly problem: Error }) {
  const { t } = useTranslation();
  const status = problem instanceof ApiProblem ? problem.status : 0;
  if (status === 400) return <ProblemNotice problem={problem} text={t('support.notOne')} />;
  return status === 409 ? <ProblemNotice problem={problem} text={t('support.already')} /> : <ProblemNotice problem={problem} />;
}
