import { Button, Modal } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStepUp } from '../account/use-step-up.tsx';
import { keys, type Member } from '../api/queries.ts';
import { useApp } from '../app-context.ts';
import cards from '../parts/cards.module.css';
import form from '../parts/form.module.css';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { submitting } from '../parts/submitting.ts';
import { RoleFields } from './role-fields.tsx';
import { choiceOf, wishOf } from './role-wish.ts';

export interface ChangeDialogProps {
  readonly homeId: string;
  readonly member: Member;
  /** Whether the user may hand the home over. */
  readonly isOwner: boolean;
  readonly onClose: () => void;
}

/** Changes what a member may do, or makes them the owner. */
export function ChangeDialog({ homeId, member, isOwner, onClose }: ChangeDialogProps) {
  const { t } = useTranslation();
  const { api } = useApp();
  const queries = useQueryClient();
  const [choice, setChoice] = useState(() => choiceOf(member));
  const stepUp = useStepUp(t('members.password'));
  const params = { id: homeId, userId: member.id };
  const onSuccess = async (): Promise<void> => {
    await Promise.all([queries.invalidateQueries({ queryKey: keys.members(homeId) }), queries.invalidateQueries({ queryKey: keys.homes })]);
    onClose();
  };
  const change = useMutation({
    mutationFn: () => {
      const { role, accessUntil = null } = wishOf(choice);
      return api.call('member.update', { params, body: { role, accessUntil } });
    },
    onSuccess,
  });
  const handOver = useMutation({
    mutationFn: () => stepUp.run(() => api.call('member.update', { params, body: { role: 'owner' } })),
    onError: stepUp.onError,
    onSuccess,
  });
  const submit = submitting(() => change.mutate());
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('members.change', { name: member.name ?? '' })}
      closeButtonProps={{ 'aria-label': t('app.close'), size: 44, iconSize: 20 }}
    >
      <form className={form.form} onSubmit={submit}>
        <RoleFields homeId={homeId} choice={choice} onChange={setChoice} />
        {change.isError && <ProblemNotice problem={change.error} />}
        <div className={form.row}>
          <Button variant="default" onClick={onClose}>
            {t('app.cancel')}
          </Button>
          <Button type="submit" loading={change.isPending}>
            {t('app.save')}
          </Button>
        </div>
      </form>
      {isOwner && (
        <div className={`${form.form} ${cards.title}`}>
          <p>{t('members.handOverHint', { name: member.name ?? '' })}</p>
          {stepUp.fields}
          {handOver.isError && !stepUp.isQuestion(handOver.error) && <ProblemNotice problem={handOver.error} />}
          <div className={form.row}>
            <Button variant="subtle" color="red" loading={handOver.isPending} onClick={() => handOver.mutate()}>
              {t('members.handOver')}
            </Button>
          </div>
        </div>
      )}
    </Modal>
  );
}
