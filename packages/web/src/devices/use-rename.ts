import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type Device, keys } from '../api/queries.ts';
import { withDevice } from '../api/use-event-stream.ts';
import { useApp } from '../app-context.ts';

/** Gives a device another name. */
export function useRename(deviceId: string) {
  const { api } = useApp();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (name: string) => api.call('device.update', { params: { id: deviceId }, body: { name: name.trim() } }),
    onSuccess: (device) => {
      queries.setQueryData<readonly Device[]>(keys.devices, (devices) => devices && withDevice(devices, device));
    },
  });
}
