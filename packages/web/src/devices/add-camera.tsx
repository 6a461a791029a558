import { Modal } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { homesQuery, useDevices } from '../api/queries.ts';
import { useApp } from '../app-context.ts';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { BindingCodePanel } from './binding-code-panel.tsx';
import { JoinedCamera } from './joined-camera.tsx';

/** From a code to a live picture: the camera shows up here by itself once it has joined the home. */
export function AddCamera({ onClose }: { readonly onClose: () => void }) {
  const { t } = useTranslation();
  const { api } = useApp();
  const devices = useDevices();
  const homes = useQuery(homesQuery(api));
  const [known] = useState(() => new Set(devices.data?.map(({ id }) => id)));
  const joined = devices.data?.find(({ id }) => !known.has(id));
  const home = homes.data?.find(({ actions }) => actions.includes('manage'));
  return (
    <Modal
      opened
      onClose={onClose}
      size={560}
      title={joined === undefined ? t('addCamera.title') : t('addCamera.joined', { name: joined.name })}
      closeButtonProps={{ 'aria-label': t('app.close'), size: 44, iconSize: 20 }}
    >
      {homes.isError && <ProblemNotice problem={homes.error} onRetry={() => void homes.refetch()} />}
      {joined !== undefined && <JoinedCamera device={joined} onDone={onClose} />}
      {joined === undefined && home !== undefined && <BindingCodePanel homeId={home.id} />}
      {homes.data && home === undefined && <ProblemNotice problem={undefined} text={t('problem.forbidden')} />}
    </Modal>
  );
}
