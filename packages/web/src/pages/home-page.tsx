import { ActionIcon, Button, Skeleton } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { type Device, useDevices } from '../api/queries.ts';
import { camerasOf } from '../camera/camera.ts';
import { useMayAdd } from '../devices/use-may-add.ts';
import { EmptyState } from '../parts/empty-state.tsx';
import { Icon } from '../parts/icon.tsx';
import { Page } from '../parts/page.tsx';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { CameraTile } from './camera-tile.tsx';
import styles from './home-page.module.css';

const AddCamera = lazy(async () => ({ default: (await import('../devices/add-camera.tsx')).AddCamera }));

export function HomePage() {
  const { t } = useTranslation();
  const devices = useDevices();
  const [adding, setAdding] = useState(false);
  const addButton = useMayAdd() && (
    <Button leftSection={<Icon name="plus" size={18} />} onClick={() => setAdding(true)}>
      {t('home.addCamera')}
    </Button>
  );
  const some = (devices.data?.length ?? 0) > 0;
  const actions = some && (
    <div className={styles.actions}>
      <ActionIcon component={Link} to="/?kiosk=1" variant="subtle" size={44} aria-label={t('home.wall')} title={t('home.openWall')}>
        <Icon name="grow" />
      </ActionIcon>
      {addButton}
    </div>
  );
  return (
    <Page title={t('home.title')} lead={devices.data && <Summary devices={devices.data} />} actions={actions}>
      {devices.isPending && <Placeholders />}
      {devices.isError && <ProblemNotice problem={devices.error} onRetry={() => void devices.refetch()} />}
      {devices.data && !some && (
        <EmptyState icon="camera" title={t('home.emptyTitle')} hint={t('home.emptyHint')}>
          {addButton}
        </EmptyState>
      )}
      {devices.data && some && <Grid devices={devices.data} />}
      {adding && (
        <Suspense>
          <AddCamera onClose={() => setAdding(false)} />
        </Suspense>
      )}
    </Page>
  );
}

/** Is everything all right now? */
function Summary({ devices }: { readonly devices: readonly Device[] }) {
  const { t } = useTranslation();
  const away = devices.filter(({ state }) => state === 'offline' || state === 'suspect').length;
  if (devices.length === 0) return null;
  return away === 0 ? t('home.allWell', { count: devices.length }) : t('home.someAway', { count: away, total: devices.length });
}

function Grid({ devices }: { readonly devices: readonly Device[] }) {
  const { t } = useTranslation();
  return (
    <ul className={styles.grid} aria-label={t('home.cameras')}>
      {devices.flatMap((device) => {
        const cameras = camerasOf(device);
        if (cameras.length === 0) {
          return [
            <li key={device.id} className={styles.learning}>
              {t('home.learning', { name: device.name })}
            </li>,
          ];
        }
        return cameras.map((camera) => (
          <li key={`${device.id}/${camera.channel}`}>
            <CameraTile camera={camera} />
          </li>
        ));
      })}
    </ul>
  );
}

function Placeholders() {
  return (
    <div className={styles.grid} aria-busy="true">
      {['a', 'b', 'c'].map((key) => (
        <Skeleton key={key} className={styles.skeleton} radius={12} />
      ))}
    </div>
  );
}
