import { actions, LiveSession, PlaybackRequest, PlaybackSession, TalkRequest, TalkSession, Viewer } from '@cardea/api';
import { AppError } from '@cardea/core';
import { AudioCodec, Channel, conforms, DeviceId, PushTarget, StreamName } from '@cardea/protocol';
import { type Static, type TSchema, Type } from 'typebox';
import type { DeviceProof, SessionMaker } from '../../authorization/proof.ts';

/** The right in whose name another process acts. That one asks for it anew: nobody is believed to have it. */
const Right = Type.Object({
  action: Type.Enum(actions),
  userId: Type.String(),
  userSessionId: Type.String(),
  deviceId: DeviceId,
  epoch: Type.Integer(),
});
export type Right = Static<typeof Right>;

/** Who made a session. */
const Maker = Type.Object({ userId: Type.String(), userSessionId: Type.String(), within: Type.Optional(Type.Literal(true)) });

const Source = Type.Object({ channel: Channel, stream: StreamName });
const SessionId = Type.String({ minLength: 1, maxLength: 64 });
const SessionWish = Type.Object({ channel: Channel, sessionId: SessionId });
const Nothing = Type.Object({});

/** What one process of the platform asks of another that has live media. */
export const mediaCalls = {
  startLive: { params: Type.Object({ right: Right, source: Source }), result: LiveSession },
  startPlayback: { params: Type.Object({ right: Right, wish: PlaybackRequest }), result: PlaybackSession },
  playbackTarget: { params: Type.Object({ right: Right, wanted: SessionWish }), result: PushTarget },
  pushTarget: {
    params: Type.Object({ right: Right, wish: Type.Object({ ...Source.properties, ttlSec: Type.Number() }) }),
    result: Type.Object({ sessionId: Type.String(), target: PushTarget }),
  },
  renew: { params: Type.Object({ maker: Maker, sessionId: SessionId }), result: LiveSession },
  end: { params: Type.Object({ maker: Maker, sessionId: SessionId }), result: Nothing },
  viewers: { params: Type.Object({ right: Right }), result: Type.Array(Type.Omit(Viewer, ['userName'])) },
  isUsed: { params: Type.Object({ deviceId: DeviceId }), result: Type.Boolean() },
  /** Origin of the process. */
  where: { params: Nothing, result: Type.Object({ url: Type.String({ pattern: '^https?://' }) }) },
  openTalk: { params: Type.Object({ right: Right, wish: TalkRequest }), result: TalkSession },
  endTalk: { params: Type.Object({ maker: Maker, sessionId: SessionId }), result: Nothing },
  talkSource: {
    params: Type.Object({
      right: Right,
      wanted: Type.Object({
        ...SessionWish.properties,
        format: Type.Object({ codec: AudioCodec, sampleRate: Type.Integer() }),
      }),
    }),
    result: Type.Object({ protocol: Type.Enum(['wss-audio', 'whep'] as const), url: Type.String(), token: Type.String() }),
  },
  takeOver: {
    params: Type.Object({
      ...Source.properties,
      deviceId: DeviceId,
      homeId: Type.String(),
      epoch: Type.Integer(),
      sessionId: SessionId,
      isLed: Type.Boolean(),
      isLastTry: Type.Optional(Type.Boolean()),
    }),
    result: PushTarget,
  },
} as const satisfies Record<string, { readonly params: TSchema; readonly result: TSchema }>;

export type MediaCallName = keyof typeof mediaCalls;
export type MediaParams<N extends MediaCallName> = Static<(typeof mediaCalls)[N]['params']>;
export type MediaResult<N extends MediaCallName> = Static<(typeof mediaCalls)[N]['result']>;

const Call = Type.Object({ call: Type.Enum(Object.keys(mediaCalls) as MediaCallName[]), params: Type.Unknown() });

/** Takes a call apart. @throws AppError INVALID_PARAMS for what is none */
export function readMediaCall(body: unknown): { readonly call: MediaCallName; readonly params: unknown } {
  if (!conforms(Call, body) || !conforms<TSchema>(mediaCalls[body.call].params, body.params)) throw new AppError('INVALID_PARAMS');
  return { call: body.call, params: body.params };
}

/** @throws AppError INTERNAL_ERROR for what is no answer to `call` */
export function readMediaResult<N extends MediaCallName>(call: N, answer: unknown): MediaResult<N> {
  if (!conforms<TSchema>(mediaCalls[call].result, answer)) {
    throw new AppError('INTERNAL_ERROR', { call }, { message: 'another process of the platform gave an answer that cannot be read' });
  }
  return answer as MediaResult<N>;
}

export function rightOf({ action, deviceId, epoch, principal: { userId, userSessionId } }: DeviceProof): Right {
  return { action, userId, userSessionId, deviceId, epoch };
}

export function makerOf({ userId, userSessionId, within }: SessionMaker): Static<typeof Maker> {
  return { userId, userSessionId, ...(within !== undefined && { within: true }) };
}

/** Served by each process with live media. */
export function nodeSubject(nodeId: string): string {
  return `media.node.${nodeId}`;
}

/** Served by the process that has the session, live or recorded. */
export function sessionSubject(sessionId: string): string {
  return `media.session.${sessionId}`;
}

/** Served by the process that has the talk. */
export function talkSubject(sessionId: string): string {
  return `media.talk.${sessionId}`;
}

/** Served by the process at which somebody talks on the channel. */
export function talkChannelSubject({ channel, deviceId }: { readonly deviceId: string; readonly channel: number }): string {
  return `media.talking.${deviceId}.${channel}`;
}
