import { NativeSelect, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useDevices } from '../api/queries.ts';
import cards from '../parts/cards.module.css';
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
  const devices = useDevices().data?.filter((device) => device.homeId === homeId) ?? [];
  const change = (part: Partial<RoleChoice>): void => onChange({ ...choice, ...part });
  const toggle = (id: string, on: boolean): void => {
    const others = (choice.devices ?? []).filter((other) => other !== id);
    change({ devices: on ? [...others, id] : others });
  };
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
      <fieldset className={cards.group}>
        <legend>{t('members.cameras')}</legend>
        <label className={cards.choice}>
          <input
            type="checkbox"
            checked={choice.devices === undefined}
            onChange={(event) => change({ devices: event.currentTarget.checked ? undefined : devices.map(({ id }) => id) })}
          />
          {t('members.allCameras')}
        </label>
        {choice.devices !== undefined &&
          devices.map(({ id, name }) => (
            <label key={id} className={cards.choice}>
              <input
                type="checkbox"
                checked={choice.devices?.includes(id) ?? false}
                onChange={(event) => toggle(id, event.currentTarget.checked)}
              />
              {name}
            </label>
          ))}
      </fieldset>
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
