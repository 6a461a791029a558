import type { Segment } from '@cardea/api';
import { useQuery } from '@tanstack/react-query';
import type { SyntheticEvent } from 'react';
import { type LastSegmentOf, lastSegmentQuery } from '../api/queries.ts';
import { useApp } from '../app-context.ts';

/** The very end has no picture any more. */
const BEFORE_END_SEC = 0.2;

/** The last thing recorded before a camera went away; `undefined` when there is none. A `lastSeenAt` of `null` asks for nothing. */
export function useLastRecorded(target: LastSegmentOf): Segment | undefined {
  const { api } = useApp();
  const { data } = useQuery({ ...lastSegmentQuery(api, target), enabled: target.lastSeenAt !== null });
  return data ?? undefined;
}

/** The last picture of a recording, standing still. */
export function LastRecorded({ segment, className }: { readonly segment: Segment; readonly className: string | undefined }) {
  const { api } = useApp();
  const toEnd = ({ currentTarget }: SyntheticEvent<HTMLVideoElement>): void => {
    currentTarget.currentTime = Math.max(0, currentTarget.duration - BEFORE_END_SEC);
  };
  return (
    <video
      className={className}
      src={api.urlOf('segment.media', { params: { id: segment.id } })}
      preload="metadata"
      muted
      playsInline
      onLoadedMetadata={toEnd}
    />
  );
}
