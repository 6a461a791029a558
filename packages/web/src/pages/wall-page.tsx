import { VisuallyHidden } from '@mantine/core';
import { useDocumentTitle, useHotkeys, useMediaQuery } from '@mantine/hooks';
import type { CSSProperties } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { useDevices } from '../api/queries.ts';
import { useEventStream } from '../api/use-event-stream.ts';
import { cameraPath, camerasOf } from '../camera/camera.ts';
import { EmptyState } from '../parts/empty-state.tsx';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { useNow } from '../use-now.ts';
import { useWakeLock } from '../wall/use-wake-lock.ts';
import { gridOfWall, pageOfWall, shiftOfWall } from '../wall/wall-layout.ts';
import { CameraTile } from './camera-tile.tsx';
import styles from './wall-page.module.css';

const NOW_STEP_MS = 1_000;

/** The cameras and nothing else, for a screen that always shows them. Keys 1 to 9 open one of them, Escape leads home. */
export function WallPage() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const devices = useDevices();
  const isHigh = useMediaQuery('(orientation: portrait)') ?? false;
  const now = useNow(NOW_STEP_MS);
  const isConnected = useEventStream();
  useWakeLock();
  useDocumentTitle(`${t('home.wall')} · ${t('app.name')}`);
  const cameras = pageOfWall((devices.data ?? []).flatMap(camerasOf), now);
  const open = (index: number): void => {
    const camera = cameras[index];
    if (camera !== undefined) void navigate(cameraPath(camera));
  };
  useHotkeys([
    ...Array.from({ length: 9 }, (_, index): [string, () => void] => [String(index + 1), () => open(index)]),
    ['Escape', () => void navigate('/')],
  ]);
  const { columns, rows } = gridOfWall(cameras.length, isHigh);
  const shift = `${shiftOfWall(now)}px`;
  const measures: CSSProperties & Record<`--${string}`, string | number> = { '--columns': columns, '--rows': rows, '--shift': shift };
  return (
    <main className={styles.wall} style={measures}>
      <VisuallyHidden component="h1">{t('home.wall')}</VisuallyHidden>
      <div role="status">{!isConnected && <p className={styles.lost}>{t('app.connectionLost')}</p>}</div>
      {devices.isError && <ProblemNotice problem={devices.error} onRetry={() => void devices.refetch()} />}
      {devices.data && cameras.length === 0 && <EmptyState icon="camera" title={t('home.emptyTitle')} hint={t('home.emptyHint')} />}
      <ul className={styles.grid} aria-label={t('home.cameras')}>
        {cameras.map((camera) => (
          <li key={`${camera.device.id}/${camera.channel}`}>
            <CameraTile camera={camera} />
          </li>
        ))}
      </ul>
    </main>
  );
}
