import { useTranslation } from 'react-i18next';
import { HoldButton } from '../camera/hold-button.tsx';
import { Icon } from '../parts/icon.tsx';
import styles from './talk-button.module.css';
import type { Talking } from './use-talk.ts';

/** Speaks while it is held. Lies over the picture. */
export function TalkButton({ talking: { status, onHold, onLetGo } }: { readonly talking: Talking }) {
  const { t } = useTranslation();
  return (
    <HoldButton
      label={status.kind === 'talking' ? t('talk.talking') : t('talk.hold')}
      className={`${styles.button} ${status.kind === 'talking' ? styles.on : ''} ${status.kind === 'opening' ? styles.opening : ''}`}
      onHold={onHold}
      onLetGo={onLetGo}
    >
      <Icon name="microphone" />
    </HoldButton>
  );
}
