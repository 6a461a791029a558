import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type Device, keys } from '../api/queries.ts';
import { withDevice } from '../api/use-event-stream.ts';
import { useApp } from '../app-context.ts';

interface DeviceUpdate {
  readonly name?: string;
  readonly disabled?: boolean;
}

/** Gives a device another name, or says whether it may connect. */
export function useDeviceUpdate(deviceId: string) {
  const { api } = useApp();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: DeviceUpdate) => api.call('device.update', { params: { id: deviceId }, body }),
    onSuccess: (device) => {
      queries.setQueryData<readonly Device[]>(keys.devices, (devices) => devices && withDevice(devices, device));
    },
  });
}
