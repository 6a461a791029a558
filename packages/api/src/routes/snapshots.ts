import { Channel, DeviceId, Instant } from '@cardea/protocol';
import { Type } from 'typebox';
import { pageOf, paging } from '../model/page.ts';
import { Snapshot, SnapshotId } from '../model/snapshot.ts';
import { defineRoute } from '../route.ts';

export const snapshotRoutes = [
  defineRoute('snapshot.list', {
    summary: 'Still pictures of a device, newest first',
    access: { kind: 'device', action: 'view.recordings' },
    params: Type.Object({ id: DeviceId }),
    query: Type.Object({ from: Type.Optional(Instant), to: Type.Optional(Instant), channel: Type.Optional(Channel), ...paging }),
    success: 200,
    answer: pageOf(Snapshot),
  }),
  defineRoute('snapshot.picture', {
    summary: 'The bytes of a still picture',
    access: { kind: 'device', action: 'view.recordings' },
    params: Type.Object({ id: DeviceId, snapshotId: SnapshotId }),
    success: 200,
    produces: 'image/jpeg',
  }),
] as const;
