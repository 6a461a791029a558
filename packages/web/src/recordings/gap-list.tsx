import { useTranslation } from 'react-i18next';
import { minuteText } from '../time-text.ts';
import type { gapsOf } from './coverage.ts';
import styles from './recordings-panel.module.css';

const MAX_SHOWN = 20;

/** Why there is nothing to see, in words. */
export function GapList({ gaps }: { readonly gaps: ReturnType<typeof gapsOf> }) {
  const { t } = useTranslation();
  if (gaps.length === 0) return null;
  return (
    <ul className={styles.gaps} aria-label={t('recordings.gaps')}>
      {gaps.slice(0, MAX_SHOWN).map(({ from, to, reason }) => (
        <li key={from}>
          <span className={styles.gapTime}>
            {minuteText(from)}–{minuteText(to)}
          </span>
          {t(`recordings.reason.${reason}`)}
        </li>
      ))}
      {gaps.length > MAX_SHOWN && <li>{t('recordings.moreGaps', { count: gaps.length - MAX_SHOWN })}</li>}
    </ul>
  );
}
