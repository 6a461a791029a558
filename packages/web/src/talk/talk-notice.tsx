import { useTranslation } from 'react-i18next';
import { isTaken, problemKey } from '../api/problem-text.ts';
import type { TalkStatus } from './talk.ts';
import styles from './talk-notice.module.css';

/** Says what became of an attempt to speak, to eyes and ears. */
export function TalkNotice({ status }: { readonly status: TalkStatus }) {
  const { t } = useTranslation();
  const text = (): string => {
    switch (status.kind) {
      case 'talking':
        return t(status.duplex === 'half' ? 'talk.speakInTurns' : 'talk.speak');
      case 'opening':
        return t('talk.opening');
      case 'ready':
        return t('talk.ready');
      case 'noMicrophone':
        return t(`talk.${status.trouble}`);
      case 'failed': {
        if (isTaken(status.cause)) return t('talk.taken');
        const key = problemKey(status.cause);
        return t(key === 'problem.media' ? 'talk.brokeOff' : key);
      }
      default:
        return '';
    }
  };
  return (
    <p className={styles.notice} role="status">
      {text()}
    </p>
  );
}
