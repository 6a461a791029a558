import { useMutation } from '@tanstack/react-query';
import { useApp } from '../app-context.ts';
import type { Camera } from './camera.ts';
import type { Snapshot } from './snapshot-dialog.tsx';

/** Lets the camera take one picture and send it along. `null` when it sent none. */
export function useSnapshot({ device, channel }: Camera) {
  const { api } = useApp();
  return useMutation({
    mutationFn: async (): Promise<Snapshot | null> => {
      const { images } = await api.command(device.id, 'snapshot.capture', { channel, inline: true, count: 1 });
      const [image] = images;
      return image?.dataB64 === undefined ? null : { ...image, dataB64: image.dataB64 };
    },
  });
}
