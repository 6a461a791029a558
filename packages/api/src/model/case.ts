import { Channel, DeviceId, described, Instant, SegmentLink, Sha256Hex, StreamName, Ulid } from '@cardea/protocol';
import { type Static, Type } from 'typebox';
import { TimelineSpan } from './timeline.ts';

/** First member of a manifest: what it is, and in which form. */
export const CASE_FORMAT = 'cardea-case-1';
/** Name of the manifest in a case. */
export const MANIFEST_FILE = 'manifest.json';
/** More than a day of segments of ten seconds, of one stream. */
const MAX_SEGMENTS = 20_000;

const statement = {
  clientSegmentId: described(Ulid, 'the id the camera gave it'),
  kind: Type.String({ maxLength: 32, description: 'why it was recorded' }),
  startAt: Instant,
  endAt: Instant,
  sizeBytes: Type.Integer({ minimum: 0 }),
  sha256: Sha256Hex,
  chain: Type.Optional(described(SegmentLink, 'its place in what the camera recorded, signed by the camera')),
};

/** A segment of which the case holds the bytes. */
export const CaseSegment = Type.Object({
  file: Type.String({ pattern: '^segments/[A-Za-z0-9._-]{1,120}$', description: 'name in the case' }),
  id: Type.String({ description: 'the id the platform gave it' }),
  ...statement,
  eventId: Type.Optional(Type.String({ description: 'the alarm it belongs to' })),
});
export type CaseSegment = Static<typeof CaseSegment>;

/** A segment of which the case tells only what the camera signed. */
export const CaseNeighbour = Type.Object(statement);
export type CaseNeighbour = Static<typeof CaseNeighbour>;

/** What a case says about the files in it. */
export const CaseManifest = Type.Object({
  format: Type.Literal(CASE_FORMAT),
  exportedAt: Instant,
  exporter: Type.Object({ id: Type.String(), name: Type.String() }, { description: 'the user who exported it' }),
  homeId: Type.String(),
  device: Type.Object({
    id: DeviceId,
    name: Type.String(),
    publicKey: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9_-]{43}$', description: 'its Ed25519 key, raw, base64url' })),
  }),
  channel: Channel,
  stream: StreamName,
  from: Instant,
  to: Instant,
  segments: Type.Array(CaseSegment, { maxItems: MAX_SEGMENTS, description: 'in the order of recording' }),
  before: Type.Optional(described(CaseNeighbour, 'what the camera recorded last before them')),
  after: Type.Optional(described(CaseNeighbour, 'what the camera recorded first after them')),
  gaps: Type.Array(TimelineSpan, { description: 'what was to be recorded and is not there, as the platform knows it' }),
});
export type CaseManifest = Static<typeof CaseManifest>;
