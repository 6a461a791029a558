import { useTranslation } from 'react-i18next';
import { useDevices } from '../api/queries.ts';
import cards from '../parts/cards.module.css';

export interface CameraChoiceProps {
  readonly homeId: string;
  /** Ids; `undefined`: all cameras of the home, those to come as well. */
  readonly chosen: readonly string[] | undefined;
  readonly onChange: (chosen: readonly string[] | undefined) => void;
}

/** With which cameras of a home somebody may do something. */
export function CameraChoice({ homeId, chosen, onChange }: CameraChoiceProps) {
  const { t } = useTranslation();
  const devices = useDevices().data?.filter((device) => device.homeId === homeId) ?? [];
  const toggle = (id: string, on: boolean): void => {
    const others = (chosen ?? []).filter((other) => other !== id);
    onChange(on ? [...others, id] : others);
  };
  return (
    <fieldset className={cards.group}>
      <legend>{t('members.cameras')}</legend>
      <label className={cards.choice}>
        <input
          type="checkbox"
          checked={chosen === undefined}
          onChange={(event) => onChange(event.currentTarget.checked ? undefined : devices.map(({ id }) => id))}
        />
        {t('members.allCameras')}
      </label>
      {chosen !== undefined &&
        devices.map(({ id, name }) => (
          <label key={id} className={cards.choice}>
            <input type="checkbox" checked={chosen.includes(id)} onChange={(event) => toggle(id, event.currentTarget.checked)} />
            {name}
          </label>
        ))}
    </fieldset>
  );
}
