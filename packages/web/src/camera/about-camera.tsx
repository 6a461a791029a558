import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Device, homesQuery } from '../api/queries.ts';
import { useApp } from '../app-context.ts';
import styles from '../pages/camera-page.module.css';
import { Icon } from '../parts/icon.tsx';
import type { LivePlayer } from '../player/live-player.ts';
import { ConnectionNumbers } from './connection-numbers.tsx';
import { ConnectionSwitch } from './connection-switch.tsx';

const RenameDialog = lazy(async () => ({ default: (await import('./rename-dialog.tsx')).RenameDialog }));
const RecordingDialog = lazy(async () => ({ default: (await import('../recording/recording-dialog.tsx')).RecordingDialog }));
const RemoveDialog = lazy(async () => ({ default: (await import('./remove-dialog.tsx')).RemoveDialog }));

export interface AboutCameraProps {
  readonly device: Device;
  readonly player: LivePlayer | undefined;
  readonly onRemoved: () => void;
}

/** What it is, how it is connected, and what the owner may do with it. */
export function AboutCamera({ device, player, onRemoved }: AboutCameraProps) {
  const { t } = useTranslation();
  const { api } = useApp();
  const homes = useQuery(homesQuery(api));
  const [dialog, setDialog] = useState<'recording' | 'rename' | 'remove'>();
  const allowed = homes.data?.find(({ id }) => id === device.homeId)?.actions ?? [];
  const close = (): void => setDialog(undefined);
  const level = device.battery?.present ? device.battery.levelPct : undefined;
  return (
    <section className={`${styles.card} ${styles.about}`}>
      <h2>{t('camera.about')}</h2>
      <dl className={styles.facts}>
        <dt>{t('camera.model')}</dt>
        <dd>{`${device.vendor} ${device.model}`}</dd>
        <dt>{t('camera.firmware')}</dt>
        <dd>{device.firmware}</dd>
        <dt>{t('camera.serial')}</dt>
        <dd>{device.serial}</dd>
        {level !== undefined && (
          <>
            <dt>{t('camera.battery')}</dt>
            <dd>{`${Math.round(level)} %`}</dd>
          </>
        )}
      </dl>
      {player !== undefined && <ConnectionNumbers player={player} />}
      {allowed.includes('manage') && <ConnectionSwitch device={device} />}
      <div className={styles.actions}>
        {allowed.includes('configure') && (
          <Button variant="default" leftSection={<Icon name="pencil" size={18} />} onClick={() => setDialog('rename')}>
            {t('camera.rename')}
          </Button>
        )}
        {allowed.includes('manage') && (
          <Button variant="default" leftSection={<Icon name="record" size={18} />} onClick={() => setDialog('recording')}>
            {t('recording.button')}
          </Button>
        )}
        {allowed.includes('manage') && (
          <Button variant="subtle" color="red" leftSection={<Icon name="bin" size={18} />} onClick={() => setDialog('remove')}>
            {t('camera.remove')}
          </Button>
        )}
      </div>
      <Suspense>
        {dialog === 'recording' && <RecordingDialog device={device} onClose={close} />}
        {dialog === 'rename' && <RenameDialog device={device} onClose={close} />}
        {dialog === 'remove' && <RemoveDialog device={device} onClose={close} onRemoved={onRemoved} />}
      </Suspense>
    </section>
  );
}
