import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { problemDetails, problemKey } from '../api/problem-text.ts';
import { Icon } from './icon.tsx';
import styles from './problem-notice.module.css';

export interface ProblemNoticeProps {
  readonly problem: unknown;
  /** Says it better than the general sentence. */
  readonly text?: string;
  readonly onRetry?: () => void;
}

/** What went wrong and what to do, in one sentence; names and codes only under "Details". */
export function ProblemNotice({ problem, text, onRetry }: ProblemNoticeProps) {
  const { t } = useTranslation();
  return (
    <div className={styles.notice} role="alert">
      <Icon name="warning" />
      <div className={styles.body}>
        <p>{text ?? t(problemKey(problem))}</p>
        {text === undefined && (
          <details className={styles.details}>
            <summary>{t('app.details')}</summary>
            {problemDetails(problem)}
          </details>
        )}
        {onRetry !== undefined && (
          <Button variant="subtle" onClick={onRetry}>
            {t('app.retry')}
          </Button>
        )}
      </div>
    </div>
  );
}
