import { Channel, Instant, PlaySpeed } from '@cardea/protocol';
import { type Static, Type } from 'typebox';
import { LiveSession } from './live.ts';

/** What to play of what a device recorded on its own disk. */
export const PlaybackRequest = Type.Object({
  channel: Channel,
  startAt: Instant,
  endAt: Type.Optional(Instant),
  speed: Type.Optional(PlaySpeed),
});
export type PlaybackRequest = Static<typeof PlaybackRequest>;

/**
 * A right to watch one recording of a device: for a minute, and for as long as one is connected. Times in the media are Unix
 * seconds of the recording; `playback.control` and `playback.getStatus` take the session id.
 */
export const PlaybackSession = Type.Object({
  ...LiveSession.properties,
  actualStartAt: Type.Integer({ description: 'recording time of the first picture, Unix milliseconds' }),
  endAt: Type.Optional(Instant),
});
export type PlaybackSession = Static<typeof PlaybackSession>;
