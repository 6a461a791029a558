import { ApiProblem, type Client } from '@cardea/api';
import type { StreamName } from '../api/queries.ts';
import type { LiveSource, LiveTicket } from './live-source.ts';
import { socketAddress } from './socket-address.ts';
import { StreamChoice } from './stream-choice.ts';

export interface LiveChannel {
  readonly deviceId: string;
  readonly channel: number;
  readonly stream: StreamName;
}

const NO_SUCH_STREAM = 422;

/** Live pictures by way of the user API; over a line that is too weak for the stream those of the small one. */
export function createLiveSource(api: Client, { deviceId, channel, stream }: LiveChannel): LiveSource {
  const choice = new StreamChoice(stream);
  const openChosen = async (signal: AbortSignal): Promise<LiveTicket> => {
    const body = { channel, stream: choice.stream };
    const session = await api.call('live.create', { params: { id: deviceId }, body, signal });
    return { ...ticketOf(api, session.sessionId, socketAddress(session.urls.ws, session)), forMs: choice.forMs };
  };
  return {
    open: async ({ signal, before }) => {
      choice.onEnded(before);
      try {
        return await openChosen(signal);
      } catch (error) {
        if (choice.stream === stream || !(error instanceof ApiProblem && error.status === NO_SUCH_STREAM)) throw error;
        choice.onNoSmall();
        return await openChosen(signal);
      }
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
