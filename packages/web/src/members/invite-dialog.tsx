import { Button, Modal, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { keys } from '../api/queries.ts';
import { useApp } from '../app-context.ts';
import { CopyField } from '../parts/copy-field.tsx';
import form from '../parts/form.module.css';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { submitting } from '../parts/submitting.ts';
import { instantText } from '../time-text.ts';
import { RoleFields } from './role-fields.tsx';
import { freshChoice, wishOf } from './role-wish.ts';

/** Makes a link that lets one person into the home. */
export function InviteDialog({ homeId, onClose }: { readonly homeId: string; readonly onClose: () => void }) {
  const { t } = useTranslation();
  const { api, clock } = useApp();
  const queries = useQueryClient();
  const [email, setEmail] = useState('');
  const [choice, setChoice] = useState(freshChoice);
  const invite = useMutation({
    mutationFn: () => {
      const address = email.trim();
      return api.call('member.invite', { params: { id: homeId }, body: { ...wishOf(choice), ...(address !== '' && { email: address }) } });
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: keys.members(homeId) }),
  });
  const submit = submitting(() => invite.mutate());
  return (
    <Modal opened onClose={onClose} title={t('members.invite')} closeButtonProps={{ 'aria-label': t('app.close'), size: 44, iconSize: 20 }}>
      {invite.data === undefined ? (
        <form className={form.form} onSubmit={submit}>
          <TextInput
            type="email"
            label={t('members.email')}
            description={t('members.emailHint')}
            maxLength={254}
            data-autofocus
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
          />
          <RoleFields homeId={homeId} choice={choice} onChange={setChoice} />
          {invite.isError && <ProblemNotice problem={invite.error} />}
          <div className={form.row}>
            <Button variant="default" onClick={onClose}>
              {t('app.cancel')}
            </Button>
            <Button type="submit" loading={invite.isPending}>
              {t('members.makeLink')}
            </Button>
          </div>
        </form>
      ) : (
        <div className={form.form}>
          <p>{t('members.passOn', { time: instantText(invite.data.expiresAt, clock.nowMs()) })}</p>
          <CopyField text={invite.data.inviteUrl} label={t('members.link')} />
          <div className={form.row}>
            <Button onClick={onClose}>{t('addCamera.done')}</Button>
          </div>
        </div>
      )}
    </Modal>
  );
}
