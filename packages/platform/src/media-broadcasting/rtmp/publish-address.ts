import type { RtmpPublishWish } from '@cardea/media';

const APPLICATION = 'vm';

/** Which session is to be published, and what is shown for it. */
export interface PublishName {
  readonly sessionId: string;
  readonly token: string;
}

/** The address at which an encoder publishes as it stands: `rtmp://HOST:PORT/vm/{sessionId}?token=...`. */
export function publishAddress(origin: string, { sessionId, token }: PublishName): string {
  return `${origin}/${APPLICATION}/${sessionId}?token=${token}`;
}

/** What an encoder made of such an address, wherever it put the query; `undefined` for another one. */
export function publishNameOf({ app, streamKey }: RtmpPublishWish): PublishName | undefined {
  const [application = '', appQuery = ''] = split(app);
  const [sessionId = '', keyQuery = ''] = split(streamKey);
  const token = new URLSearchParams(keyQuery).get('token') ?? new URLSearchParams(appQuery).get('token');
  if (application.replaceAll('/', '') !== APPLICATION || !/^[0-9A-Za-z]{1,64}$/.test(sessionId) || token === null) return undefined;
  return { sessionId, token };
}

function split(text: string): readonly string[] {
  const at = text.indexOf('?');
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
