import { ApiProblem } from '@cardea/api';
import { Button, Modal } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useStepUp } from '../account/use-step-up.tsx';
import { type Device, keys } from '../api/queries.ts';
import { useApp } from '../app-context.ts';
import form from '../parts/form.module.css';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { submitting } from '../parts/submitting.ts';
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
  const stepUp = useStepUp(t('remove.password'));
  const remove = useMutation({
    mutationFn: () => stepUp.run(() => api.call('device.delete', { params: { id: device.id } })),
    onError: stepUp.onError,
    onSuccess: () => {
      queries.setQueryData<readonly Device[]>(keys.devices, (devices) => devices?.filter(({ id }) => id !== device.id));
      onRemoved();
    },
  });
  const submit = submitting(() => remove.mutate());
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
        {stepUp.fields}
        {remove.isError && !stepUp.isQuestion(remove.error) && <RemoveProblem problem={remove.error} />}
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
