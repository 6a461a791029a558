import { Type } from 'typebox';
import { defineRpc } from '../message.ts';
import { described } from '../model/described.ts';
import { Ulid } from '../model/ulid.ts';
import { UpgradeStatus } from '../model/upgrade-status.ts';

/** I.2.8: how far the upgrade is. An unknown task is not an error: the present state is answered. */
export const queryUpgradingStatus = defineRpc({
  method: 'firmware.getStatus',
  sender: 'platform',
  description: 'Tells how far an upgrade is. For a task the device does not know it answers its present state.',
  delivery: 'online',
  unbound: true,
  provenance: { clause: '9.3.2.2', item: 'I.2.8', status: 'title-only' },
  params: Type.Object({ taskId: Type.Optional(described(Ulid, 'absent: the latest task')) }),
  result: UpgradeStatus,
  errors: [],
  examples: [
    {
      title: 'in the middle of the download',
      params: { taskId: '01KDVAKN0ZT3J9S5F8WQ2X7CVB' },
      result: {
        taskId: '01KDVAKN0ZT3J9S5F8WQ2X7CVB',
        state: 'downloading',
        progressPct: 42,
        currentVersion: '1.4.0',
        targetVersion: '1.5.0',
        updatedAt: 1_767_225_780_000,
      },
    },
    {
      title: 'the image was not signed by a trusted key',
      params: {},
      result: {
        taskId: '01KDVAKN0ZT3J9S5F8WQ2X7CVB',
        state: 'failed',
        progressPct: 100,
        currentVersion: '1.4.0',
        targetVersion: '1.5.0',
        error: { code: 1404, name: 'SIGNATURE_INVALID' },
        updatedAt: 1_767_225_840_000,
      },
    },
  ],
});
