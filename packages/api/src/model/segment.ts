import { Channel, DeviceId, described, Instant, SegmentLink, Sha256Hex, StreamName, Ulid } from '@cardea/protocol';
import { type Static, Type } from 'typebox';

export const SegmentId = Type.String({ minLength: 1, maxLength: 64, description: 'video segment' });

/** A stored piece of video, one playable MP4. */
export const Segment = Type.Object({
  id: Type.String(),
  deviceId: DeviceId,
  homeId: Type.String(),
  channel: Channel,
  stream: StreamName,
  kind: Type.String({ description: 'why it was recorded: `continuous`, `event`, `manual`, `backfill`' }),
  startAt: Instant,
  endAt: Instant,
  sizeBytes: Type.Integer({ minimum: 0 }),
  sha256: Sha256Hex,
  eventId: Type.Optional(Type.String({ description: 'the alarm it belongs to' })),
  locked: Type.Boolean({ description: 'kept until unlocked, whatever the retention says' }),
  clientSegmentId: described(Ulid, 'the id the camera gave it'),
  chain: Type.Optional(described(SegmentLink, 'its place in what the camera recorded, signed by the camera')),
  encryption: Type.Optional(
    Type.String({ description: 'the camera encrypted it, by this scheme: the platform cannot open it, only members who hold a key can' }),
  ),
});
export type Segment = Static<typeof Segment>;

/** What a `segment` event of the event stream says about a deleted one. */
export interface RemovedSegment {
  readonly id: string;
  readonly deviceId: string;
  readonly removed: true;
}
