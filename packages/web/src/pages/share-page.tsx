import type { SharedThing } from '@cardea/api';
import { Button, PasswordInput, Skeleton } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useParams } from 'react-router';
import { useApp } from '../app-context.ts';
import { Entrance } from '../parts/entrance.tsx';
import form from '../parts/form.module.css';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { submitting } from '../parts/submitting.ts';
import { LivePlayer } from '../player/live-player.ts';
import type { LiveStatus } from '../player/live-status.ts';
import { createSharedSource, readShare, ShareRefusal, sharedClipUrl, sharedPictureUrl, unlockShare } from '../shares/shared-thing.ts';
import { instantText } from '../time-text.ts';
import styles from './share-page.module.css';

/** What somebody with a link and no login sees: the thing shared, and nothing around it. */
export function SharePage() {
  const { t } = useTranslation();
  const { token = '' } = useParams();
  const share = useQuery({ queryKey: ['shared', token], queryFn: ({ signal }) => readShare(token, signal), retry: false });
  if (share.data !== undefined) return <Shared token={token} thing={share.data} />;
  if (share.error instanceof ShareRefusal && share.error.locked) return <Locked token={token} onUnlocked={() => void share.refetch()} />;
  if (share.error instanceof ShareRefusal && share.error.status === 404) {
    return <Entrance title={t('shared.over')} lead={t('shared.overHint')} children={null} />;
  }
  return (
    <Entrance title={t('shared.title')}>
      {share.isError ? <ProblemNotice problem={share.error} onRetry={() => void share.refetch()} /> : <Skeleton h={200} radius={12} />}
    </Entrance>
  );
}

function Locked({ token, onUnlocked }: { readonly token: string; readonly onUnlocked: () => void }) {
  const { t } = useTranslation();
  const [passcode, setPasscode] = useState('');
  const unlock = useMutation({ mutationFn: () => unlockShare(token, passcode), onSuccess: onUnlocked });
  const submit = submitting(() => unlock.mutate());
  const isWrong = unlock.error instanceof ShareRefusal && unlock.error.locked;
  return (
    <Entrance title={t('shared.locked')} lead={t('shared.lockedHint')}>
      <form className={form.form} onSubmit={submit}>
        <PasswordInput
          label={t('shared.passcode')}
          autoComplete="off"
          required
          maxLength={64}
          visibilityToggleButtonProps={{ 'aria-label': t('field.showPassword') }}
          value={passcode}
          onChange={(event) => setPasscode(event.currentTarget.value)}
        />
        {unlock.isError && <ProblemNotice problem={unlock.error} text={isWrong ? t('shared.wrong') : t('shared.tooMany')} />}
        <Button type="submit" loading={unlock.isPending}>
          {t('shared.unlock')}
        </Button>
      </form>
    </Entrance>
  );
}

function Shared({ token, thing }: { readonly token: string; readonly thing: SharedThing }) {
  const { t } = useTranslation();
  const { clock } = useApp();
  const { deviceName, event, expiresAt, from, kind, sharedBy, watermark } = thing;
  const now = clock.nowMs();
  const when = event?.occurredAt ?? from;
  useDocumentTitle(`${deviceName} · ${t('app.name')}`);
  const mark = watermark ? (
    <span className={styles.mark}>{t('shared.mark', { name: sharedBy, time: instantText(now, now) })}</span>
  ) : undefined;
  const hasVideo = kind === 'clip' || event?.hasVideo === true;
  return (
    <main className={styles.page}>
      <header className={styles.head}>
        <img src="/icon.svg" alt="" width="36" height="36" />
        <div>
          <h1>{deviceName}</h1>
          <p className={styles.muted}>
            {[
              ...(when === undefined ? [] : [instantText(when, now)]),
              t('shared.by', { name: sharedBy }),
              t('shared.until', { time: instantText(expiresAt, now) }),
            ].join(' · ')}
          </p>
        </div>
      </header>
      {kind === 'live' && <LiveStage token={token}>{mark}</LiveStage>}
      {hasVideo && (
        <div className={styles.stage}>
          {/* biome-ignore lint/a11y/useMediaCaption: cameras have no words to write down */}
          <video src={sharedClipUrl(token)} controls playsInline preload="metadata" aria-label={deviceName} />
          {mark}
        </div>
      )}
      {event !== undefined && <Pictures token={token} count={event.pictures} label={t('shared.picture', { name: deviceName })} />}
    </main>
  );
}

function Pictures({ token, count, label }: { readonly token: string; readonly count: number; readonly label: string }) {
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  return (
    <ul className={styles.pictures}>
      {numbers.map((number) => (
        <li key={number}>
          <img src={sharedPictureUrl(token, number)} alt={label} loading="lazy" />
        </li>
      ))}
    </ul>
  );
}

function LiveStage({ token, children }: { readonly token: string; readonly children: React.ReactNode }) {
  const { t } = useTranslation();
  const { clock, pictures } = useApp();
  const videoRef = useRef<HTMLVideoElement>(null);
  const [status, setStatus] = useState<LiveStatus>({ kind: 'idle' });
  useEffect(() => {
    const video = videoRef.current;
    if (video === null) return;
    const source = createSharedSource(token);
    const player = new LivePlayer({ video, source, clock, pictures, pictureKey: `share/${token}`, onStatus: setStatus });
    player.start();
    return () => player.stop();
  }, [clock, pictures, token]);
  const words = { idle: 'idle', connecting: 'connecting', playing: 'live', stalled: 'retrying', retrying: 'retrying' } as const;
  const word = status.kind in words ? t(`picture.${words[status.kind as keyof typeof words]}`) : t('picture.refused');
  return (
    <div className={styles.stage}>
      <video ref={videoRef} muted playsInline />
      {children}
      <span className={styles.state} role="status">
        {word}
      </span>
    </div>
  );
}
