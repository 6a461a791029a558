import { Type } from 'typebox';
import { defineRpc } from '../message.ts';
import { Channel } from '../model/channel.ts';
import { described } from '../model/described.ts';
import { StreamName } from '../model/stream-name.ts';
import { Ulid } from '../model/ulid.ts';

/** I.2.13: ends live pushes. An encoder that another purpose still uses keeps running. */
export const stopLiveVideo = defineRpc({
  method: 'live.stop',
  sender: 'platform',
  description:
    'Ends the live pushes that match; nothing given matches all. A push that is not there is not an error. Recording and other users of the encoder go on.',
  delivery: 'online',
  provenance: { clause: '9.3.2.2', item: 'I.2.13', status: 'title-only' },
  params: Type.Object({
    sessionId: Type.Optional(described(Ulid, 'only this session')),
    channel: Type.Optional(described(Channel, 'only sessions of this channel')),
    stream: Type.Optional(described(StreamName, 'only sessions of this stream')),
    reason: Type.Optional(Type.Enum(['noViewer', 'user', 'policy', 'error'] as const, { description: 'why' })),
  }),
  result: Type.Object({ stopped: Type.Array(Ulid, { maxItems: 256, description: 'sessions that ended' }) }),
  errors: [],
  examples: [
    {
      title: 'the last viewer left',
      params: { sessionId: '01KDVAPJ7C5T9N3W1QX8Z6D0SG', reason: 'noViewer' },
      result: { stopped: ['01KDVAPJ7C5T9N3W1QX8Z6D0SG'] },
    },
    { title: 'it had ended before', params: { sessionId: '01KDVAPJ7C5T9N3W1QX8Z6D0SG' }, result: { stopped: [] } },
  ],
});
