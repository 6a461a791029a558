import { Channel, conforms, DeviceId, StreamName } from '@cardea/protocol';
import type { MediaSource } from './ports.ts';

/** What a path below `/live/` names. */
export interface LivePath {
  /** `undefined` when no device can have it: who asks with a token is told nothing else than for a foreign one. */
  readonly source: MediaSource | undefined;
  /** The rest of the path, e.g. `ws`; may hold further slashes. */
  readonly what: string;
}

const livePattern = /^\/live\/([^/]*)\/([^/]*)\/([^/]*)\/(.+)$/;

/** Takes `/live/{deviceId}/{channel}/{stream}/{what}` apart; `undefined` for another path. */
export function parseLivePath(path: string): LivePath | undefined {
  const [, deviceId, channel, stream, what] = livePattern.exec(path) ?? [];
  return what === undefined ? undefined : { source: mediaSourceOf({ deviceId, channel, stream }), what };
}

export function livePath({ deviceId, channel, stream }: MediaSource, what: string): string {
  return `/live/${deviceId}/${channel}/${stream}/${what}`;
}

/** The source that three texts of an address name; `undefined` when they cannot name any. */
export function mediaSourceOf(texts: {
  readonly deviceId: string | undefined;
  readonly channel: string | undefined;
  readonly stream: string | undefined;
}): MediaSource | undefined {
  const { deviceId, stream } = texts;
  const channel = /^\d{1,3}$/.test(texts.channel ?? '') ? Number(texts.channel) : undefined;
  return conforms(DeviceId, deviceId) && conforms(Channel, channel) && conforms(StreamName, stream)
    ? { deviceId, channel, stream }
    : undefined;
}
