import { Button, Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { type Device, homesQuery, useDevices } from '../api/queries.ts';
import { useApp } from '../app-context.ts';
import { cameraPath, camerasOf } from '../camera/camera.ts';
import { StoragePanel } from '../devices/storage-panel.tsx';
import { useMayAdd } from '../devices/use-may-add.ts';
import { EmptyState } from '../parts/empty-state.tsx';
import { Icon } from '../parts/icon.tsx';
import { Page } from '../parts/page.tsx';
import { Portions } from '../parts/portions.tsx';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { instantText } from '../time-text.ts';
import { useNow } from '../use-now.ts';
import styles from './devices-page.module.css';

const AddCamera = lazy(async () => ({ default: (await import('../devices/add-camera.tsx')).AddCamera }));

export function DevicesPage() {
  const { t } = useTranslation();
  const devices = useDevices();
  const homes = useQuery(homesQuery(useApp().api));
  const [adding, setAdding] = useState(false);
  const storing = homes.data?.filter(({ actions }) => actions.includes('view.recordings')) ?? [];
  const addButton = useMayAdd() && (
    <Button leftSection={<Icon name="plus" size={18} />} onClick={() => setAdding(true)}>
      {t('home.addCamera')}
    </Button>
  );
  return (
    <Page title={t('devices.title')} actions={devices.data && devices.data.length > 0 && addButton}>
      {devices.isPending && <Skeleton h={120} radius={12} />}
      {devices.isError && <ProblemNotice problem={devices.error} onRetry={() => void devices.refetch()} />}
      {devices.data?.length === 0 && (
        <EmptyState icon="camera" title={t('devices.emptyTitle')} hint={t('devices.emptyHint')}>
          {addButton}
        </EmptyState>
      )}
      <ul className={styles.list} aria-label={t('devices.title')}>
        {devices.data?.map((device) => (
          <li key={device.id}>
            <DeviceCard device={device} />
          </li>
        ))}
      </ul>
      <Portions items={storing}>{(home) => <StoragePanel key={home.id} home={home} named={storing.length > 1} />}</Portions>
      {adding && (
        <Suspense>
          <AddCamera onClose={() => setAdding(false)} />
        </Suspense>
      )}
    </Page>
  );
}

const NOW_STEP_MS = 30_000;

function DeviceCard({ device }: { readonly device: Device }) {
  const { t } = useTranslation();
  const cameras = camerasOf(device);
  return (
    <article className={styles.card}>
      <div>
        <h2 className={styles.name}>{device.name}</h2>
        <p className={styles.muted}>{`${device.vendor} ${device.model} · ${device.firmware}`}</p>
      </div>
      <Health device={device} />
      <p className={styles.links}>
        {cameras.map((camera) => (
          <Link key={camera.channel} to={cameraPath(camera)} aria-label={t('home.open', { name: camera.name })}>
            {cameras.length === 1 ? t('devices.open') : camera.name}
          </Link>
        ))}
      </p>
    </article>
  );
}

/** How the device is, in a word, with the reason. */
function Health({ device: { state, lastSeenAt } }: { readonly device: Device }) {
  const { t } = useTranslation();
  const now = useNow(NOW_STEP_MS);
  const words = {
    online: () => t('devices.healthy'),
    suspect: () => t('devices.suspect'),
    asleep: () => t('devices.asleep'),
    offline: () => (lastSeenAt === null ? t('devices.neverSeen') : t('devices.offline', { time: instantText(lastSeenAt, now) })),
  };
  return (
    <p className={styles.health}>
      <span className={styles.mark} data-state={state} aria-hidden="true" />
      {words[state]()}
    </p>
  );
}
