import { Type } from 'typebox';
import { defineRpc } from '../../message.ts';
import { Ulid } from '../../model/ulid.ts';

/** Ends a talk session; one that is not there is not an error. */
export const stopTalking = defineRpc({
  method: 'talk.stop',
  sender: 'platform',
  description: 'Ends a talk session. One that is not there is not an error.',
  delivery: 'online',
  capability: 'talk',
  provenance: { clause: '9.3.2.2', item: 'extension', status: 'project-choice' },
  params: Type.Object({ sessionId: Ulid }),
  result: Type.Object({ stopped: Type.Boolean({ description: 'it was running' }) }),
  errors: [],
  examples: [{ title: 'the user lets go of the button', params: { sessionId: '01KDVBT1N9Q2T4W6Y8B0D1F3H5' }, result: { stopped: true } }],
});
