import { Button, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { keys } from '../api/queries.ts';
import { useApp } from '../app-context.ts';
import { Icon } from '../parts/icon.tsx';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { submitting } from '../parts/submitting.ts';
import type { Camera } from './camera.ts';
import styles from './presets-panel.module.css';

const NAME_MAX_CHARS = 32;

/** The views a camera keeps: go to one, or keep the present one. */
export function PresetsPanel({ camera: { device, channel } }: { readonly camera: Camera }) {
  const { t } = useTranslation();
  const { api } = useApp();
  const presets = useQuery({
    queryKey: keys.presets(device.id, channel),
    queryFn: ({ signal }) => api.command(device.id, 'ptz.getPresets', { channel }, { signal }),
    enabled: device.state === 'online',
  });
  const go = useMutation({
    mutationFn: ({ presetId }: { readonly presetId: number; readonly name: string }) =>
      api.command(device.id, 'ptz.control', { channel, action: 'gotoPreset', presetId }),
  });
  const named = presets.data?.presets.map(({ presetId, name }) => ({ presetId, name: name || t('ptz.unnamed', { id: presetId }) })) ?? [];
  return (
    <section className={styles.panel}>
      <h2>{t('ptz.views')}</h2>
      {presets.data && named.length === 0 && <p className={styles.muted}>{t('ptz.noViews')}</p>}
      <ul className={styles.list}>
        {named.map((preset) => (
          <li key={preset.presetId}>
            <Button variant="default" leftSection={<Icon name="pin" size={16} />} onClick={() => go.mutate(preset)}>
              {preset.name}
            </Button>
          </li>
        ))}
      </ul>
      {presets.data && <SavePreset deviceId={device.id} channel={channel} />}
      {go.isError && <ProblemNotice problem={go.error} />}
      {presets.isError && <ProblemNotice problem={presets.error} onRetry={() => void presets.refetch()} />}
      <p className={styles.muted} role="status">
        {go.isSuccess && t('ptz.going', { name: go.variables.name })}
      </p>
    </section>
  );
}

function SavePreset({ deviceId, channel }: { readonly deviceId: string; readonly channel: number }) {
  const { t } = useTranslation();
  const { api } = useApp();
  const queries = useQueryClient();
  const [name, setName] = useState('');
  const save = useMutation({
    mutationFn: () => api.command(deviceId, 'ptz.control', { channel, action: 'setPreset', name: name.trim() }),
    onSuccess: async () => {
      setName('');
      await queries.invalidateQueries({ queryKey: keys.presets(deviceId, channel) });
    },
  });
  const submit = submitting(() => save.mutate());
  return (
    <>
      <form className={styles.save} onSubmit={submit}>
        <TextInput
          label={t('field.presetName')}
          required
          maxLength={NAME_MAX_CHARS}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Button type="submit" variant="default" loading={save.isPending}>
          {t('ptz.saveView')}
        </Button>
      </form>
      {save.isError && <ProblemNotice problem={save.error} />}
    </>
  );
}
