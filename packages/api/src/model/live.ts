import { Channel, DeviceId, Instant, StreamName } from '@cardea/protocol';
import { type Static, Type } from 'typebox';

export const LiveSessionId = Type.String({ minLength: 1, maxLength: 64, description: 'live session' });

/** A page that put its own host in place of that of the addresses would not find them there. */
export const Elsewhere = Type.Optional(
  Type.Boolean({ description: 'the addresses lead to another server of the platform than the one that answers' }),
);

/** A right to watch one channel for a minute, renewed while one watches. The addresses work as they stand. */
export const LiveSession = Type.Object({
  sessionId: Type.String(),
  expiresAt: Instant,
  urls: Type.Object({
    ws: Type.String({ description: 'WebSocket: a text frame `{"mime"}`, then fragmented MP4' }),
    hls: Type.Optional(Type.String()),
    flv: Type.Optional(Type.String()),
    whep: Type.Optional(Type.String()),
    rtsp: Type.Optional(Type.String()),
    rtsps: Type.Optional(Type.String({ description: 'RTSP over TLS' })),
  }),
  token: Type.String({ description: 'the token the addresses carry' }),
  elsewhere: Elsewhere,
});
export type LiveSession = Static<typeof LiveSession>;

/** Ways to watch, as the addresses of a live session name them. */
export const LiveForm = Type.Enum(['ws', 'hls', 'flv', 'whep', 'rtsp'] as const);
export type LiveForm = Static<typeof LiveForm>;

const ViewerConnection = Type.Object({
  form: LiveForm,
  openedAt: Instant,
  bytesOut: Type.Integer({ minimum: 0, description: 'sent so far' }),
});

/** Someone who watches. */
export const Viewer = Type.Object({
  sessionId: Type.String(),
  userId: Type.String(),
  userName: Type.String(),
  channel: Channel,
  stream: StreamName,
  startedAt: Instant,
  connections: Type.Array(ViewerConnection, { description: 'how it is watched now; empty between two connections' }),
});
export type Viewer = Static<typeof Viewer>;

/** What a `live` event of the event stream says. */
export const LiveState = Type.Object({
  deviceId: DeviceId,
  homeId: Type.String(),
  channel: Channel,
  stream: StreamName,
  state: Type.Enum(['starting', 'publishing', 'stopped', 'error'] as const),
});
export type LiveState = Static<typeof LiveState>;
