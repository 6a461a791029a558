import { SegmentKind, StreamName } from '@cardea/protocol';
import { Check } from 'typebox/value';
import type { ObjectFacts } from '../store/ports.ts';
import type { SegmentRow } from './segment-catalogue.ts';

/** What cannot be told from the place and the bytes of a segment, kept beside them by stores that can. */
export function factsOf(row: Pick<SegmentRow, 'stream' | 'kind' | 'client_segment_id' | 'event_id'>): ObjectFacts {
  const { stream, kind, client_segment_id: client, event_id: event } = row;
  return { stream, kind, client, ...(event !== null && { event }) };
}

/** The reverse, with what is most likely where nothing was kept. */
export function readFacts({ stream, kind, client, event }: ObjectFacts) {
  return {
    stream: Check(StreamName, stream) ? stream : 'main',
    kind: Check(SegmentKind, kind) ? kind : 'continuous',
    clientSegmentId: client,
    ...(event !== undefined && { eventId: event }),
  } as const;
}
