import { ApiProblem, type Client } from '@cardea/api';
import type { StreamName } from '../api/queries.ts';
import type { LiveSource, LiveTicket } from './live-source.ts';
import { sameOrigin } from './same-origin.ts';

export interface LiveChannel {
  readonly deviceId: string;
  readonly channel: number;
  readonly stream: StreamName;
}

/** Live pictures by way of the user API. */
export function createLiveSource(api: Client, { deviceId, channel, stream }: LiveChannel): LiveSource {
  return {
    open: async ({ signal }) => {
      const { sessionId, urls } = await api.call('live.create', { params: { id: deviceId }, body: { channel, stream }, signal });
      return ticketOf(api, sessionId, sameOrigin(urls.ws));
    },
    isFinal: (error) => error instanceof ApiProblem && [401, 403, 404, 422].includes(error.status),
  };
}

function ticketOf(api: Client, sessionId: string, url: string): LiveTicket {
  const params = { sessionId };
  return {
    url,
    renew: async () => {
      await api.call('live.renew', { params });
    },
    end: () => {
      // A session that is not ended ends by itself within a minute.
      api.call('live.delete', { params, keepalive: true }).catch(() => {});
    },
  };
}
