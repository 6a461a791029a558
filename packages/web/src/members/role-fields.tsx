import { NativeSelect, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import cards from '../parts/cards.module.css';
import { CameraChoice } from './camera-choice.tsx';
import { presets } from './role-text.ts';
import type { RoleChoice } from './role-wish.ts';

export interface RoleFieldsProps {
  readonly homeId: string;
  readonly choice: RoleChoice;
  readonly onChange: (choice: RoleChoice) => void;
}

/** What somebody may do: how much, with which cameras, at what hours, until when. */
export function RoleFields({ homeId, choice, onChange }: RoleFieldsProps) {
  const { t } = useTranslation();
  const change = (part: Partial<RoleChoice>): void => onChange({ ...choice, ...part });
  return (
    <>
      <NativeSelect
        size="md"
        label={t('members.may')}
        description={t(`members.roleHint.${choice.preset}`)}
        value={choice.preset}
        onChange={(event) => change({ preset: presets.find((preset) => preset === event.currentTarget.value) ?? choice.preset })}
        data={presets.map((preset) => ({ value: preset, label: t(`members.role.${preset}`) }))}
      />
      <CameraChoice homeId={homeId} chosen={choice.devices} onChange={(devices) => change({ devices })} />
      <div className={cards.pair}>
        <TextInput
          type="time"
          label={t('members.from')}
          value={choice.from}
          onChange={(event) => change({ from: event.currentTarget.value })}
        />
        <TextInput type="time" label={t('members.to')} value={choice.to} onChange={(event) => change({ to: event.currentTarget.value })} />
      </div>
      <TextInput
        type="date"
        label={t('members.lastDay')}
        description={t('members.lastDayHint')}
        value={choice.lastDay}
        onChange={(event) => change({ lastDay: event.currentTarget.value })}
      />
    </>
  );
}
