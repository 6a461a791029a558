import { Switch } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Device } from '../api/queries.ts';
import { useDeviceUpdate } from '../devices/use-device-update.ts';
import styles from '../pages/camera-page.module.css';
import { ProblemNotice } from '../parts/problem-notice.tsx';

/** Whether the camera may connect. */
export function ConnectionSwitch({ device }: { readonly device: Device }) {
  const { t } = useTranslation();
  const update = useDeviceUpdate(device.id);
  return (
    <>
      <Switch
        className={styles.connects}
        label={t('camera.connects')}
        description={t('camera.connectsHint')}
        checked={device.disabled !== true}
        disabled={update.isPending}
        onChange={({ currentTarget }) => update.mutate({ disabled: !currentTarget.checked })}
      />
      {update.isError && <ProblemNotice problem={update.error} />}
    </>
  );
}
