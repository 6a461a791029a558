import { useTranslation } from 'react-i18next';
import { durationText } from '../time-text.ts';
import { type PictureState, toneOf } from './picture-state.ts';
import { pictureText } from './picture-text.ts';
import styles from './state-badge.module.css';

export interface StateBadgeProps {
  readonly state: PictureState;
  readonly now: number;
  /** When the picture on show was taken, if it is an old one. */
  readonly stillAt: number | undefined;
}

/** What the picture is, by a mark and words. */
export function StateBadge({ state, now, stillAt }: StateBadgeProps) {
  const { t } = useTranslation();
  const age = stillAt === undefined ? '' : ` · ${t('picture.lastPicture', { age: durationText(now - stillAt) })}`;
  return (
    <span className={`${styles.badge} ${styles[toneOf(state)]}`}>
      <span className={styles.dot} aria-hidden="true" />
      {pictureText(t, state, now) + age}
    </span>
  );
}
