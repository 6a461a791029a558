import { ApiProblem } from '@cardea/api';
import { Button, Modal, PasswordInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Device, keys, meQuery } from '../api/queries.ts';
import { useApp } from '../app-context.ts';
import form from '../parts/form.module.css';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import styles from './remove-dialog.module.css';

export interface RemoveDialogProps {
  readonly device: Device;
  readonly onClose: () => void;
  readonly onRemoved: () => void;
}

/** Says what is lost before a device leaves the home, and asks for the password when the login is not fresh. */
export function RemoveDialog({ device, onClose, onRemoved }: RemoveDialogProps) {
  const { t } = useTranslation();
  const { api } = useApp();
  const queries = useQueryClient();
  const me = useQuery(meQuery(api));
  const [password, setPassword] = useState('');
  const [asksPassword, setAsksPassword] = useState(false);
  const remove = useMutation({
    mutationFn: async () => {
      if (asksPassword) await api.call('session.create', { body: { email: me.data?.email ?? '', password } });
      await api.call('device.delete', { params: { id: device.id } });
    },
    onError: (error) => {
      if (isStepUp(error)) setAsksPassword(true);
    },
    onSuccess: () => {
      queries.setQueryData<readonly Device[]>(keys.devices, (devices) => devices?.filter(({ id }) => id !== device.id));
      onRemoved();
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    remove.mutate();
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('remove.title', { name: device.name })}
      closeButtonProps={{ 'aria-label': t('app.close'), size: 44, iconSize: 20 }}
    >
      <form className={form.form} onSubmit={submit}>
        <div>
          <p>{t('remove.lost')}</p>
          <ul className={styles.lost}>
            <li>{t('remove.live')}</li>
            <li>{t('remove.recordings')}</li>
            <li>{t('remove.settings')}</li>
          </ul>
        </div>
        <p>{t('remove.again')}</p>
        {asksPassword && (
          <PasswordInput
            label={t('remove.password')}
            autoComplete="current-password"
            required
            data-autofocus
            visibilityToggleButtonProps={{ 'aria-label': t('field.showPassword') }}
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
        )}
        {remove.isError && !isStepUp(remove.error) && <RemoveProblem problem={remove.error} />}
        <div className={form.row}>
          <Button variant="default" onClick={onClose}>
            {t('app.cancel')}
          </Button>
          <Button type="submit" color="red" loading={remove.isPending}>
            {t('remove.confirm')}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

function RemoveProblem({ problem }: { readonly problem: Error }) {
  const { t } = useTranslation();
  const wrong = problem instanceof ApiProblem && problem.status === 401;
  return wrong ? <ProblemNotice problem={problem} text={t('problem.wrongPassword')} /> : <ProblemNotice problem={problem} />;
}

function isStepUp(error: unknown): boolean {
  return error instanceof ApiProblem && error.stepUp;
}
