import { ApiProblem } from '@cardea/api';
import { Anchor } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { isEncrypted } from '../api/problem-text.ts';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { clockText, minuteText } from '../time-text.ts';
import { partsOf } from './clip-file.ts';
import type { Span } from './coverage.ts';
import styles from './recordings-panel.module.css';

export interface ClipRefusalProps {
  /** `null`: none. */
  readonly refusal: Error | null;
  /** What was asked for. */
  readonly range: Span;
  readonly addressOf: (part: Span) => string;
}

const NOT_FOUND = 404;

/** Why a stretch cannot be saved as one file, and what to do instead. */
export function ClipRefusal({ refusal, range, addressOf }: ClipRefusalProps) {
  const { t } = useTranslation();
  if (refusal === null) return null;
  if (!(refusal instanceof ApiProblem)) return <ProblemNotice problem={refusal} />;
  if (isEncrypted(refusal)) return <ProblemNotice problem={refusal} text={t('recordings.clipEncrypted')} />;
  if (refusal.status === NOT_FOUND) {
    const times = { from: minuteText(range.from), to: minuteText(range.to) };
    return <ProblemNotice problem={refusal} text={t('recordings.none', times)} />;
  }
  const parts = partsOf(refusal);
  if (parts.length === 0) return <ProblemNotice problem={refusal} />;
  return (
    <div className={styles.parts} role="status">
      <p>{t('recordings.clipParts', { count: parts.length })}</p>
      <ul>
        {parts.map((part) => (
          <li key={part.from}>
            <Anchor href={addressOf(part)} download="">
              {t('recordings.clipPart', { from: clockText(part.from), to: clockText(part.to) })}
            </Anchor>
          </li>
        ))}
      </ul>
    </div>
  );
}
