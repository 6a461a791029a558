import { Button, Modal } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import form from '../parts/form.module.css';
import { Icon } from '../parts/icon.tsx';
import { clockText } from '../time-text.ts';
import styles from './snapshot-dialog.module.css';

/** A picture the camera took for us. */
export interface Snapshot {
  readonly dataB64: string;
  /** Unix ms. */
  readonly capturedAt: number;
  readonly width: number;
  readonly height: number;
}

export interface SnapshotDialogProps {
  readonly snapshot: Snapshot;
  readonly cameraName: string;
  readonly onClose: () => void;
}

export function SnapshotDialog({ snapshot, cameraName, onClose }: SnapshotDialogProps) {
  const { t } = useTranslation();
  const { dataB64, capturedAt, width, height } = snapshot;
  const source = `data:image/jpeg;base64,${dataB64}`;
  const time = clockText(capturedAt);
  return (
    <Modal
      opened
      onClose={onClose}
      size={900}
      title={t('snapshot.title', { time })}
      closeButtonProps={{ 'aria-label': t('app.close'), size: 44, iconSize: 20 }}
    >
      <div className={form.form}>
        <img className={styles.picture} src={source} width={width} height={height} alt={t('snapshot.alt', { name: cameraName, time })} />
        <div className={form.row}>
          <Button component="a" href={source} download={fileName(cameraName, capturedAt)} leftSection={<Icon name="save" size={18} />}>
            {t('snapshot.download')}
          </Button>
        </div>
      </div>
    </Modal>
  );
}

/** `Front door 2026-01-01 12-00-00.jpg`, without what a file system refuses. */
function fileName(cameraName: string, instant: number): string {
  const offsetMs = new Date(instant).getTimezoneOffset() * 60_000;
  const local = new Date(instant - offsetMs).toISOString().slice(0, 19).replace('T', ' ').replaceAll(':', '-');
  return `${cameraName.replace(/[\\/:*?"<>|]/g, ' ')} ${local}.jpg`;
}
