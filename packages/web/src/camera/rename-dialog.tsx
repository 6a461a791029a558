import { Button, Modal, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Device } from '../api/queries.ts';
import { useDeviceUpdate } from '../devices/use-device-update.ts';
import form from '../parts/form.module.css';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { submitting } from '../parts/submitting.ts';

export function RenameDialog({ device, onClose }: { readonly device: Device; readonly onClose: () => void }) {
  const { t } = useTranslation();
  const [name, setName] = useState(device.name);
  const rename = useDeviceUpdate(device.id);
  const submit = submitting(() => rename.mutate({ name: name.trim() }, { onSuccess: onClose }));
  return (
    <Modal opened onClose={onClose} title={t('rename.title')} closeButtonProps={{ 'aria-label': t('app.close'), size: 44, iconSize: 20 }}>
      <form className={form.form} onSubmit={submit}>
        <TextInput
          label={t('field.deviceName')}
          required
          maxLength={80}
          data-autofocus
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        {rename.isError && <ProblemNotice problem={rename.error} />}
        <div className={form.row}>
          <Button variant="default" onClick={onClose}>
            {t('app.cancel')}
          </Button>
          <Button type="submit" loading={rename.isPending}>
            {t('app.save')}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
