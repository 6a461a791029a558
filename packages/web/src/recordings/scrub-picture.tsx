import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { StreamName } from '../api/queries.ts';
import styles from './recordings-panel.module.css';
import { nearestFrame, type ScrubFrame, scrubWindow } from './scrub-frames.ts';
import { vodAddress } from './vod-address.ts';

export interface ScrubPictureProps {
  readonly deviceId: string;
  readonly channel: number;
  readonly stream: StreamName;
  /** Unix ms. */
  readonly at: number;
}

/** As wide as the platform makes each picture of a segment. */
const TILE_WIDTH = 160;

/** A small picture of the recording at an instant, for whoever looks for a moment; nothing where there is none. */
export function ScrubPicture({ deviceId, channel, stream, at }: ScrubPictureProps) {
  const { t } = useTranslation();
  const range = { deviceId, channel, ...scrubWindow(at) };
  const frames = useQuery<readonly ScrubFrame[]>({
    queryKey: ['scrub', deviceId, channel, stream, range.from],
    queryFn: async ({ signal }) => {
      const response = await fetch(vodAddress(range, 'keyframes.json', stream), { signal });
      return response.ok ? ((await response.json()) as { items: ScrubFrame[] }).items : [];
    },
    staleTime: 60_000,
    placeholderData: (before) => before,
  });
  const frame = nearestFrame(frames.data ?? [], at);
  if (frame === undefined) return null;
  if (frame.encrypted === true) return <span className={styles.noScrub}>{t('recordings.noPictures')}</span>;
  const picture = vodAddress(range, `${frame.segmentId}.jpg`, stream);
  return (
    <span className={styles.scrub} style={{ width: TILE_WIDTH }}>
      <img src={picture} alt="" style={{ marginLeft: -frame.tile * TILE_WIDTH }} />
    </span>
  );
}
