import { Button, Skeleton } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Home, homesQuery, keys, type Member, membersQuery, meQuery, useDevices } from '../api/queries.ts';
import { useApp } from '../app-context.ts';
import { ChangeDialog } from '../members/change-dialog.tsx';
import { EndSupportButton } from '../members/end-support-button.tsx';
import { InviteDialog } from '../members/invite-dialog.tsx';
import { limitsText, roleName } from '../members/role-text.ts';
import { SupportDialog } from '../members/support-dialog.tsx';
import cards from '../parts/cards.module.css';
import { Icon } from '../parts/icon.tsx';
import { Page } from '../parts/page.tsx';
import { Portions } from '../parts/portions.tsx';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { instantText } from '../time-text.ts';

/** Who can see and do what, in each home of the user. */
export function MembersPage() {
  const { t } = useTranslation();
  const { api } = useApp();
  const homes = useQuery(homesQuery(api));
  return (
    <Page title={t('members.title')} lead={t('members.lead')}>
      {homes.isPending && <Skeleton h={120} radius={12} />}
      {homes.isError && <ProblemNotice problem={homes.error} onRetry={() => void homes.refetch()} />}
      {homes.data && (
        <Portions items={homes.data}>
          {(home) =>
            home.actions.includes('manage') ? <ManagedHome key={home.id} home={home} /> : <VisitedHome key={home.id} home={home} />
          }
        </Portions>
      )}
    </Page>
  );
}

function ManagedHome({ home }: { readonly home: Home }) {
  const { t } = useTranslation();
  const { api } = useApp();
  const me = useQuery(meQuery(api));
  const members = useQuery(membersQuery(api, home.id));
  const [inviting, setInviting] = useState(false);
  const [lettingIn, setLettingIn] = useState(false);
  return (
    <section>
      <h2 className={cards.title}>{home.name}</h2>
      {members.isPending && <Skeleton h={72} radius={12} />}
      {members.isError && <ProblemNotice problem={members.error} onRetry={() => void members.refetch()} />}
      <Portions items={members.data ?? []} label={t('members.of', { home: home.name })}>
        {(member) => (
          <li key={member.id}>
            <MemberCard home={home} member={member} isMe={member.userId === me.data?.id} />
          </li>
        )}
      </Portions>
      <div className={`${cards.title} ${cards.actions}`}>
        <Button leftSection={<Icon name="plus" size={18} />} onClick={() => setInviting(true)}>
          {t('members.invite')}
        </Button>
        {home.role === 'owner' && (
          <Button variant="default" onClick={() => setLettingIn(true)}>
            {t('support.title')}
          </Button>
        )}
      </div>
      {lettingIn && <SupportDialog homeId={home.id} onClose={() => setLettingIn(false)} />}
      {inviting && <InviteDialog homeId={home.id} onClose={() => setInviting(false)} />}
    </section>
  );
}

interface MemberCardProps {
  readonly home: Home;
  readonly member: Member;
  readonly isMe: boolean;
}

function MemberCard({ home, member, isMe }: MemberCardProps) {
  const { t } = useTranslation();
  const { clock } = useApp();
  const devices = useDevices().data ?? [];
  const [changing, setChanging] = useState(false);
  const isInvited = member.state === 'invited';
  const isSupport = member.role === 'support';
  const now = clock.nowMs();
  const facts = [
    roleName(t, member),
    ...limitsText(t, member, devices, now),
    ...(isInvited && member.expiresAt !== undefined ? [t('members.openUntil', { time: instantText(member.expiresAt, now) })] : []),
    ...(isInvited || member.email === undefined ? [] : [member.email]),
  ];
  return (
    <article className={cards.card}>
      <div>
        <p className={cards.name}>
          {member.name ?? member.email ?? t('members.anybody')}
          {isMe && ` (${t('members.you')})`}
        </p>
        <p className={cards.muted}>{facts.join(' · ')}</p>
      </div>
      {member.role !== 'owner' && (
        <div className={cards.actions}>
          {!isInvited && !isMe && !isSupport && (
            <Button variant="default" onClick={() => setChanging(true)}>
              {t('members.edit')}
            </Button>
          )}
          {isSupport ? (
            <EndSupportButton homeId={home.id} userId={member.id} />
          ) : (
            <RemoveButton homeId={home.id} memberId={member.id} label={isInvited ? t('members.takeBack') : t('members.remove')} />
          )}
        </div>
      )}
      {changing && <ChangeDialog homeId={home.id} member={member} isOwner={home.role === 'owner'} onClose={() => setChanging(false)} />}
    </article>
  );
}

/** A home somebody else looks after. */
function VisitedHome({ home }: { readonly home: Home }) {
  const { t } = useTranslation();
  const { api } = useApp();
  const me = useQuery(meQuery(api));
  return (
    <section>
      <h2 className={cards.title}>{home.name}</h2>
      <article className={cards.card}>
        <p>{t('members.visiting', { role: roleName(t, home) })}</p>
        {me.data && <RemoveButton homeId={home.id} memberId={me.data.id} label={t('members.leave')} />}
      </article>
    </section>
  );
}

/** Asks once more before somebody loses access. */
function RemoveButton({ homeId, memberId, label }: { readonly homeId: string; readonly memberId: string; readonly label: string }) {
  const { t } = useTranslation();
  const { api } = useApp();
  const queries = useQueryClient();
  const [asked, setAsked] = useState(false);
  const remove = useMutation({
    mutationFn: () => api.call('member.delete', { params: { id: homeId, userId: memberId } }),
    onSuccess: () =>
      Promise.all([keys.members(homeId), keys.homes, keys.devices].map((queryKey) => queries.invalidateQueries({ queryKey }))),
  });
  return (
    <div>
      {remove.isError && <ProblemNotice problem={remove.error} />}
      <Button
        variant={asked ? 'filled' : 'subtle'}
        color="red"
        loading={remove.isPending}
        onClick={() => (asked ? remove.mutate() : setAsked(true))}
      >
        {asked ? t('members.sure') : label}
      </Button>
    </div>
  );
}
