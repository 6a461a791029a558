import { ActionIcon } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Icon } from '../parts/icon.tsx';
import { dateValue, dayOfValue } from './hours.ts';
import styles from './recordings-panel.module.css';

export interface DayPickerProps {
  readonly day: number;
  readonly today: number;
  readonly onPick: (day: number) => void;
  readonly onStep: (days: number) => void;
}

export function DayPicker({ day, today, onPick, onStep }: DayPickerProps) {
  const { t } = useTranslation();
  const step = (icon: 'left' | 'right', days: number, label: string) => (
    <ActionIcon
      variant="subtle"
      size={44}
      aria-label={label}
      title={label}
      disabled={days > 0 && day >= today}
      onClick={() => onStep(days)}
    >
      <Icon name={icon} />
    </ActionIcon>
  );
  const pick = (value: string): void => {
    const picked = dayOfValue(value);
    if (picked !== undefined && picked <= today) onPick(picked);
  };
  return (
    <div className={styles.day}>
      {step('left', -1, t('recordings.earlierDay'))}
      <input
        type="date"
        className={styles.date}
        aria-label={t('recordings.day')}
        value={dateValue(day)}
        max={dateValue(today)}
        onChange={(event) => pick(event.currentTarget.value)}
      />
      {step('right', 1, t('recordings.laterDay'))}
    </div>
  );
}
