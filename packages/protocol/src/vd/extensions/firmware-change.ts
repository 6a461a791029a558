import { Type } from 'typebox';
import { defineEvent } from '../../message.ts';
import { eventFields, Received } from '../../model/event-fields.ts';
import { upgradeStatusFields } from '../../model/upgrade-status.ts';

/** The result of `firmware.getStatus`, told at every change of state and each 10 % of progress. */
export const firmwareChange = defineEvent({
  method: 'firmware.changed',
  description: 'Tells how far an upgrade is, at every change of state and each 10 %.',
  delivery: 'notification',
  unbound: true,
  provenance: { clause: '9.3.2.2', item: 'extension', status: 'project-choice' },
  params: Type.Object({ ...eventFields, ...upgradeStatusFields }),
  result: Received,
  errors: [],
  examples: [
    {
      title: 'half way through the download',
      params: {
        eventId: '01KDVBP7D1F3H5K7N9Q2T4W6Y8',
        occurredAt: 1_767_225_790_000,
        taskId: '01KDVAKN0ZT3J9S5F8WQ2X7CVB',
        state: 'downloading',
        progressPct: 50,
        currentVersion: '1.4.0',
        targetVersion: '1.5.0',
        updatedAt: 1_767_225_790_000,
      },
      result: { received: true },
    },
  ],
});
