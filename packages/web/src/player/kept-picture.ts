import { useQuery } from '@tanstack/react-query';
import { drawnSmall, type LastPicture } from './last-pictures.ts';

export interface KeptPictureOf {
  readonly deviceId: string;
  readonly channel: number;
  /** Another time asks again. */
  readonly lastSeenAt: number | null;
}

/** Any age will do: a camera that is away is not asked, and one that is there only once a day. */
const MAX_AGE_SEC = 86_400;

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
  const canvas = drawnSmall(bitmap, bitmap);
  bitmap.close();
  return canvas;
}
