import { Button, Modal, NativeSelect, Skeleton, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Device, homesQuery, keys, type Retention, retentionQuery, storageQuery } from '../api/queries.ts';
import { useApp } from '../app-context.ts';
import cards from '../parts/cards.module.css';
import form from '../parts/form.module.css';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { submitting } from '../parts/submitting.ts';
import { bytesText, durationText } from '../time-text.ts';
import { changeOf, choiceOf, faultOf, MAX_DAYS, type RecordingChoice } from './recording-choice.ts';
import { allCells } from './week-cells.ts';
import { WeekGrid } from './week-grid.tsx';

const DAY_MS = 86_400_000;
const modes = ['camera', 'continuous', 'event', 'off'] as const;
const streamChoices = ['camera', 'all', 'main', 'sub'] as const;

/** What a camera records, when, and for how long that is kept. */
export function RecordingDialog({ device, onClose }: { readonly device: Device; readonly onClose: () => void }) {
  const { t } = useTranslation();
  const { api } = useApp();
  const retention = useQuery(retentionQuery(api, device.id));
  const title = t('recording.title', { name: device.name });
  return (
    <Modal opened size="lg" onClose={onClose} title={title} closeButtonProps={{ 'aria-label': t('app.close'), size: 44, iconSize: 20 }}>
      {retention.isPending && <Skeleton h={240} radius={8} />}
      {retention.isError && <ProblemNotice problem={retention.error} onRetry={() => void retention.refetch()} />}
      {retention.data !== undefined && <RecordingForm device={device} retention={retention.data} onClose={onClose} />}
    </Modal>
  );
}

interface RecordingFormProps {
  readonly device: Device;
  readonly retention: Retention;
  readonly onClose: () => void;
}

function RecordingForm({ device, retention, onClose }: RecordingFormProps) {
  const { t } = useTranslation();
  const { api } = useApp();
  const queries = useQueryClient();
  // What was read when the form was opened: what others change meanwhile is not taken back by saving.
  const [before] = useState(() => choiceOf(retention));
  const [choice, setChoice] = useState(before);
  const change = (part: Partial<RecordingChoice>): void => setChoice({ ...choice, ...part });
  const wanted = changeOf(choice, before);
  const save = useMutation({
    mutationFn: () => api.call('retention.changeDevice', { params: { id: device.id }, body: wanted }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: keys.retention(device.id) });
      await queries.invalidateQueries({ queryKey: keys.storage(device.homeId) });
      onClose();
    },
  });
  const fault = faultOf(choice);
  const records = choice.mode === 'continuous' || choice.mode === 'event';
  const onSubmit = submitting(() => save.mutate());
  return (
    <form className={form.form} onSubmit={onSubmit}>
      <NativeSelect
        size="md"
        label={t('recording.what')}
        description={t(`recording.modeHint.${choice.mode}`)}
        value={choice.mode}
        onChange={({ currentTarget }) => change({ mode: modes.find((mode) => mode === currentTarget.value) ?? choice.mode })}
        data={modes.map((mode) => ({ value: mode, label: t(`recording.mode.${mode}`) }))}
      />
      {records && <HoursChoice homeId={device.homeId} choice={choice} onChange={change} />}
      {records && device.channels.some(({ streams }) => streams.includes('sub')) && (
        <NativeSelect
          size="md"
          label={t('recording.streams')}
          value={choice.streams}
          onChange={({ currentTarget }) => change({ streams: streamChoices.find((one) => one === currentTarget.value) ?? choice.streams })}
          data={streamChoices.map((one) => ({ value: one, label: t(`recording.stream.${one}`) }))}
        />
      )}
      <DaysChoice choice={choice} onChange={change} />
      <Reach device={device} />
      {retention.pending === true && <p className={cards.muted}>{t('recording.pending')}</p>}
      {fault !== undefined && <p role="alert">{t(`recording.${fault}`)}</p>}
      {save.isError && <ProblemNotice problem={save.error} />}
      <div className={form.row}>
        <Button variant="default" size="md" onClick={onClose}>
          {t('app.cancel')}
        </Button>
        <Button type="submit" size="md" loading={save.isPending} disabled={fault !== undefined || Object.keys(wanted).length === 0}>
          {t('app.save')}
        </Button>
      </div>
    </form>
  );
}

interface ChoiceProps {
  readonly choice: RecordingChoice;
  readonly onChange: (part: Partial<RecordingChoice>) => void;
}

function HoursChoice({ homeId, choice: { hours }, onChange }: ChoiceProps & { readonly homeId: string }) {
  const { t } = useTranslation();
  const homes = useQuery(homesQuery(useApp().api));
  const timezone = homes.data?.find(({ id }) => id === homeId)?.timezone ?? '';
  return (
    <fieldset className={cards.group}>
      <legend>{t('recording.when')}</legend>
      <label className={cards.choice}>
        <input type="radio" name="when" checked={hours === undefined} onChange={() => onChange({ hours: undefined })} />
        {t('recording.always')}
      </label>
      <label className={cards.choice}>
        <input type="radio" name="when" checked={hours !== undefined} onChange={() => onChange({ hours: hours ?? allCells })} />
        {t('recording.inHours')}
      </label>
      {hours !== undefined && (
        <>
          <p className={cards.muted}>{t('recording.weekHint', { timezone })}</p>
          <WeekGrid cells={hours} onChange={(cells) => onChange({ hours: cells })} />
        </>
      )}
    </fieldset>
  );
}

function DaysChoice({ choice: { days, eventDays }, onChange }: ChoiceProps) {
  const { t } = useTranslation();
  const limits = { type: 'number', min: 1, max: MAX_DAYS, size: 'md' } as const;
  return (
    <div className={cards.pair}>
      <TextInput
        {...limits}
        required
        label={t('recording.days')}
        value={days}
        onChange={({ currentTarget }) => onChange({ days: currentTarget.value })}
      />
      <TextInput
        {...limits}
        label={t('recording.eventDays')}
        placeholder={days}
        value={eventDays}
        onChange={({ currentTarget }) => onChange({ eventDays: currentTarget.value })}
      />
    </div>
  );
}

/** How far back the recordings of the camera reach, what they take, and for how long there is room. */
function Reach({ device }: { readonly device: Device }) {
  const { t } = useTranslation();
  const storage = useQuery(storageQuery(useApp().api, device.homeId));
  if (storage.data === undefined) return null;
  const own = storage.data.devices.find(({ deviceId }) => deviceId === device.id);
  const { daysToFull } = storage.data;
  if (own === undefined || own.usedBytes === 0) return <p className={cards.muted}>{t('recording.nothingKept')}</p>;
  const reach = { amount: durationText(own.keptDays * DAY_MS), size: bytesText(own.bytesPerDay) };
  return (
    <p className={cards.muted}>
      {t('recording.kept', reach)} {daysToFull !== undefined && t('recording.full', { amount: durationText(daysToFull * DAY_MS) })}
    </p>
  );
}
