import { Button, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Device } from '../api/queries.ts';
import { type Camera, camerasOf } from '../camera/camera.ts';
import form from '../parts/form.module.css';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { LiveView } from '../player/live-view.tsx';
import { useLive } from '../player/use-live.ts';
import styles from './add-camera.module.css';
import { useDeviceUpdate } from './use-device-update.ts';

/** A camera that has just joined: its picture, and the name it should have. */
export function JoinedCamera({ device, onDone }: { readonly device: Device; readonly onDone: () => void }) {
  const { t } = useTranslation();
  const [name, setName] = useState(device.name);
  const rename = useDeviceUpdate(device.id);
  const [camera] = camerasOf(device);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (name.trim() === device.name) onDone();
    else rename.mutate({ name: name.trim() }, { onSuccess: onDone });
  };
  return (
    <form className={form.form} onSubmit={submit}>
      <div className={styles.picture}>{camera !== undefined && <Picture camera={camera} />}</div>
      <p>{t('addCamera.joinedHint')}</p>
      <TextInput
        label={t('field.deviceName')}
        required
        maxLength={80}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      {rename.isError && <ProblemNotice problem={rename.error} />}
      <div className={form.row}>
        <Button type="submit" loading={rename.isPending}>
          {t('addCamera.done')}
        </Button>
      </div>
    </form>
  );
}

function Picture({ camera: { device, channel, streams } }: { readonly camera: Camera }) {
  const stream = streams.includes('sub') ? 'sub' : 'main';
  const live = useLive({ deviceId: device.id, channel, stream, enabled: device.state !== 'offline' });
  return <LiveView device={device} channel={channel} live={live} muted explains />;
}
