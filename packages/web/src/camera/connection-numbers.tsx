import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import styles from '../pages/camera-page.module.css';
import { codecNames } from '../player/codec-name.ts';
import type { LivePlayer } from '../player/live-player.ts';
import { useNow } from '../use-now.ts';

const STEP_MS = 1_000;

/** How the live picture arrives, for those who want to know. */
export function ConnectionNumbers({ player }: { readonly player: LivePlayer }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  return (
    <details className={styles.numbers} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t('camera.numbers')}</summary>
      {open && <Numbers player={player} />}
    </details>
  );
}

function Numbers({ player }: { readonly player: LivePlayer }) {
  const { t } = useTranslation();
  useNow(STEP_MS);
  const { firstFrameMs, behindMs, droppedFrames, mime } = player.stats();
  return (
    <dl className={styles.facts}>
      <dt>{t('camera.firstPicture')}</dt>
      <dd>{seconds(firstFrameMs)}</dd>
      <dt>{t('camera.behind')}</dt>
      <dd>{seconds(behindMs)}</dd>
      <dt>{t('camera.dropped')}</dt>
      <dd>{droppedFrames}</dd>
      <dt>{t('camera.format')}</dt>
      <dd>{mime === undefined ? '–' : codecNames(mime)}</dd>
    </dl>
  );
}

function seconds(durationMs: number | undefined): string {
  return durationMs === undefined ? '–' : `${(durationMs / 1_000).toFixed(1)} s`;
}
