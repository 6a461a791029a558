import { Type } from 'typebox';
import { defineRpc } from '../../message.ts';
import { BindingReport } from '../../model/binding-state.ts';

/** The other reading of I.2.3: the platform asks for what `binding.report` would tell. */
export const getBinding = defineRpc({
  method: 'binding.get',
  sender: 'platform',
  description: 'Reads the binding as the device sees it: the other reading of item I.2.3. The answer has the members of binding.report.',
  delivery: 'online',
  provenance: { clause: '9.3.2.2', item: 'extension', status: 'project-choice' },
  params: Type.Object({}),
  result: BindingReport,
  errors: [],
  examples: [
    {
      title: 'a bound device',
      params: {},
      result: { eventId: '01KDVBK4W6Y8B0D1F3H5K7N9Q2', occurredAt: 1_767_225_607_650, state: 'bound', via: 'qr' },
    },
  ],
});
