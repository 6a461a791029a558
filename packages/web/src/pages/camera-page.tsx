import { ActionIcon } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate, useParams } from 'react-router';
import { AlarmsPanel } from '../alarms/alarms-panel.tsx';
import { homesQuery, useDevice } from '../api/queries.ts';
import { useApp } from '../app-context.ts';
import { AboutCamera } from '../camera/about-camera.tsx';
import { bestStream, type Camera, camerasOf } from '../camera/camera.ts';
import { CameraStage } from '../camera/camera-stage.tsx';
import { PresetsPanel } from '../camera/presets-panel.tsx';
import { PtzPanel } from '../camera/ptz-panel.tsx';
import { usePtz } from '../camera/use-ptz.ts';
import { EmptyState } from '../parts/empty-state.tsx';
import { Icon } from '../parts/icon.tsx';
import page from '../parts/page.module.css';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { useLive } from '../player/use-live.ts';
import { RecordingsPanel } from '../recordings/recordings-panel.tsx';
import { usePlayback } from '../recordings/use-playback.ts';
import styles from './camera-page.module.css';

const ShareDialog = lazy(async () => ({ default: (await import('../shares/share-dialog.tsx')).ShareDialog }));

export function CameraPage() {
  const { t } = useTranslation();
  const { deviceId = '', channel = '' } = useParams();
  const { device, isPending, isError, error, refetch } = useDevice(deviceId);
  const camera = device && camerasOf(device).find((candidate) => String(candidate.channel) === channel);
  if (camera !== undefined) return <CameraView key={`${deviceId}/${channel}`} camera={camera} />;
  return (
    <div className={page.page}>
      {isError && <ProblemNotice problem={error} onRetry={() => void refetch()} />}
      {!isPending && !isError && (
        <EmptyState icon="broken" title={t('app.notFound')} hint={t('app.notFoundHint')}>
          <Link to="/">{t('app.toHome')}</Link>
        </EmptyState>
      )}
    </div>
  );
}

function CameraView({ camera }: { readonly camera: Camera }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { device, channel, name } = camera;
  const stream = bestStream(camera);
  const playback = usePlayback({ deviceId: device.id, channel, stream });
  const [playedAt, setPlayedAt] = useState<number>();
  const [sharing, setSharing] = useState(false);
  const homes = useQuery(homesQuery(useApp().api));
  const mayShare = homes.data?.find(({ id }) => id === device.homeId)?.actions.includes('share') === true;
  const isLive = playback.wish === undefined;
  // Someone looks at it on purpose, so a sleeping camera is woken; one that is away is not asked.
  const enabled = isLive && device.state !== 'offline';
  const live = useLive({ deviceId: device.id, channel, stream, enabled });
  const ptz = usePtz(camera, isLive && device.state === 'online');
  const playAt = (instant: number): void => {
    setPlayedAt(instant);
    playback.playAt(instant);
  };
  useDocumentTitle(`${name} · ${t('app.name')}`);
  return (
    <div className={`${page.page} ${styles.page}`}>
      <header className={styles.head}>
        <ActionIcon component={Link} to="/" variant="subtle" size={44} aria-label={t('camera.back')} title={t('camera.back')}>
          <Icon name="left" />
        </ActionIcon>
        <h1>{name}</h1>
        {mayShare && (
          <ActionIcon variant="subtle" size={44} aria-label={t('share.button')} title={t('share.button')} onClick={() => setSharing(true)}>
            <Icon name="share" />
          </ActionIcon>
        )}
      </header>
      <div className={styles.layout}>
        <CameraStage camera={camera} live={live} playback={playback} playedAt={playedAt} onTime={setPlayedAt} />
        <div className={styles.context}>
          {ptz !== undefined && (
            <section className={`${styles.card} ${styles.ptz}`}>
              <h2>{t('ptz.title')}</h2>
              <PtzPanel ptz={ptz} />
              {ptz.maxPresets > 0 && <PresetsPanel camera={camera} />}
            </section>
          )}
          <AboutCamera device={device} player={isLive ? live.player : undefined} onRemoved={() => void navigate('/', { replace: true })} />
        </div>
        <div className={styles.recordings}>
          <AlarmsPanel deviceId={device.id} channel={channel} onPlay={playAt} />
          <RecordingsPanel
            deviceId={device.id}
            channel={channel}
            stream={stream}
            playedAt={isLive ? undefined : playedAt}
            onPlay={playAt}
          />
        </div>
      </div>
      {sharing && (
        <Suspense>
          <ShareDialog
            subject={{ deviceId: device.id, channel, name, recordedAt: isLive ? undefined : playedAt }}
            onClose={() => setSharing(false)}
          />
        </Suspense>
      )}
    </div>
  );
}
