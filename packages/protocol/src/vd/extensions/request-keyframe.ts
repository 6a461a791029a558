import { Type } from 'typebox';
import { defineRpc } from '../../message.ts';
import { described } from '../../model/described.ts';
import { Instant } from '../../model/instant.ts';
import { Ulid } from '../../model/ulid.ts';

/** A key frame within 500 ms, so that a new viewer sees a picture at once; at most one a second. */
export const requestKeyframe = defineRpc({
  method: 'live.requestKeyframe',
  sender: 'platform',
  description: 'Asks for a key frame within 500 ms; at most one a second is made.',
  delivery: 'online',
  provenance: { clause: '9.3.2.2', item: 'extension', status: 'project-choice' },
  params: Type.Object({ sessionId: Ulid }),
  result: Type.Object({ at: described(Instant, 'when the key frame is or was made') }),
  errors: ['SESSION_NOT_FOUND', 'NOT_SUPPORTED'],
  examples: [{ title: 'a new viewer', params: { sessionId: '01KDVAPJ7C5T9N3W1QX8Z6D0SG' }, result: { at: 1_767_225_612_200 } }],
});
