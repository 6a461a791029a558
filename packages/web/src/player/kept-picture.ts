import { useQuery } from '@tanstack/react-query';
import type { LastPicture } from './last-pictures.ts';

export interface KeptPictureOf {
  readonly deviceId: string;
  readonly channel: number;
  /** Another time asks again. */
  readonly lastSeenAt: number | null;
}

/** Any age will do: a camera that is away is not asked, and one that is there only once a day. */
const MAX_AGE_SEC = 86_400;
/** As large as a tile on a dense screen. */
const MAX_WIDTH = 960;

/** The last picture the platform has of a camera; `undefined` while there is none. Never wakes the camera. */
export function useKeptPicture({ deviceId, channel, lastSeenAt }: KeptPictureOf, enabled: boolean): LastPicture | undefined {
  const { data } = useQuery({
    queryKey: ['kept-picture', deviceId, channel, lastSeenAt],
    queryFn: ({ signal }) => readKeptPicture({ deviceId, channel }, signal),
    staleTime: 60_000,
    enabled,
  });
  return data ?? undefined;
}

/** `null` when there is no picture, or the user may not see any. */
async function readKeptPicture(
  { deviceId, channel }: Pick<KeptPictureOf, 'deviceId' | 'channel'>,
  signal: AbortSignal,
): Promise<LastPicture | null> {
  const response = await fetch(`/live/${deviceId}/${channel}/main/snapshot.jpg?maxAge=${MAX_AGE_SEC}`, { signal });
  const takenAt = Date.parse(response.headers.get('last-modified') ?? '');
  if (!response.ok || Number.isNaN(takenAt)) {
    await response.body?.cancel();
    return null;
  }
  return { canvas: await drawn(await response.blob()), takenAt };
}

async function drawn(jpeg: Blob): Promise<HTMLCanvasElement> {
  const bitmap = await createImageBitmap(jpeg);
  const scale = Math.min(1, MAX_WIDTH / bitmap.width);
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(bitmap.width * scale);
  canvas.height = Math.round(bitmap.height * scale);
  canvas.getContext('2d')?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return canvas;
}
