import { DeviceId, Instant } from '@cardea/protocol';
import { Type } from 'typebox';
import { AuditEntry } from '../model/audit-entry.ts';
import { DeviceLog, DeviceLogId } from '../model/device-log.ts';
import { HomeId } from '../model/home.ts';
import { pageOf, paging } from '../model/page.ts';
import { defineRoute } from '../route.ts';

/** What is written down about devices and people. */
export const recordRoutes = [
  defineRoute('deviceLog.list', {
    summary: 'The logs a device was asked for with `log.upload`, newest first',
    access: { kind: 'device', action: 'configure' },
    params: Type.Object({ id: DeviceId }),
    success: 200,
    answer: pageOf(DeviceLog),
  }),
  defineRoute('deviceLog.text', {
    summary: 'A log as the device wrote it, at most 16 MiB',
    access: { kind: 'deviceLog', action: 'configure' },
    params: Type.Object({ id: DeviceLogId }),
    success: 200,
    audited: true,
    produces: 'text/plain',
  }),
  defineRoute('audit.list', {
    summary: 'Who did and saw what in the homes the user may manage, newest first',
    access: { kind: 'user' },
    query: Type.Object({ homeId: Type.Optional(HomeId), from: Type.Optional(Instant), to: Type.Optional(Instant), ...paging }),
    success: 200,
    answer: pageOf(AuditEntry),
  }),
] as const;
