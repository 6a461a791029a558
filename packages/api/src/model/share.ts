import { Channel, DeviceId, Instant } from '@cardea/protocol';
import { type Static, Type } from 'typebox';
import { EventId } from './event.ts';

export const ShareId = Type.String({ minLength: 1, maxLength: 64, description: 'share' });

export const ShareKind = Type.Enum(['live', 'clip', 'event'] as const, {
  description: '`live`: the camera now; `clip`: what was recorded between two instants; `event`: one event with its pictures and video',
});

const named = {
  kind: ShareKind,
  deviceId: DeviceId,
  channel: Type.Optional(Channel),
  from: Type.Optional(Instant),
  to: Type.Optional(Instant),
  eventId: Type.Optional(EventId),
};

export const ShareRequest = Type.Object({
  ...named,
  expiresAt: Type.Optional(Type.Integer({ minimum: 0, description: 'Unix ms; a day from now when left out, at most 30 days' })),
  passcode: Type.Optional(Type.String({ minLength: 4, maxLength: 64, description: 'what visitors have to type' })),
  watermark: Type.Optional(Type.Boolean({ description: 'whether the page writes over the picture who shared it and when' })),
});
export type ShareRequest = Static<typeof ShareRequest>;

/** Shown once: the token in the address is kept as a hash. */
export const FreshShare = Type.Object({
  id: Type.String(),
  url: Type.String({ description: 'page to pass on' }),
  expiresAt: Instant,
});
export type FreshShare = Static<typeof FreshShare>;

/** A link that shows one thing to whoever has it. */
export const Share = Type.Object({
  id: Type.String(),
  ...named,
  homeId: Type.String(),
  userId: Type.String({ description: 'who shares' }),
  userName: Type.Optional(Type.String()),
  passcode: Type.Boolean({ description: 'whether visitors have to type one' }),
  watermark: Type.Boolean(),
  createdAt: Instant,
  expiresAt: Instant,
  views: Type.Integer({ description: 'times it was opened' }),
  lastViewedAt: Type.Optional(Instant),
});
export type Share = Static<typeof Share>;

/** One time a share was opened; the same visitor within ten minutes counts once. */
export const ShareView = Type.Object({
  at: Instant,
  address: Type.String({ description: 'network address' }),
  userAgent: Type.Optional(Type.String({ description: 'what the browser or program called itself' })),
});
export type ShareView = Static<typeof ShareView>;

/** What the page of a share shows. */
export const SharedThing = Type.Object({
  kind: ShareKind,
  deviceName: Type.String(),
  sharedBy: Type.String(),
  from: Type.Optional(Instant),
  to: Type.Optional(Instant),
  event: Type.Optional(
    Type.Object({
      type: Type.String(),
      occurredAt: Instant,
      text: Type.Optional(Type.String()),
      pictures: Type.Integer({ description: 'how many there are, under `pictures/1` and so on' }),
      hasVideo: Type.Boolean(),
    }),
  ),
  watermark: Type.Boolean(),
  expiresAt: Instant,
});
export type SharedThing = Static<typeof SharedThing>;
