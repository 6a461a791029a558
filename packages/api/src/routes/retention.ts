import { DeviceId } from '@cardea/protocol';
import { Type } from 'typebox';
import { HomeId } from '../model/home.ts';
import { Retention, RetentionChange, StorageUse } from '../model/retention.ts';
import { defineRoute } from '../route.ts';

const ofHome = Type.Object({ id: HomeId });
const ofDevice = Type.Object({ id: DeviceId });

export const retentionRoutes = [
  defineRoute('storage.get', {
    summary: 'How much a home stores, how far back that reaches, and for how long there is room',
    access: { kind: 'home', action: 'view.recordings' },
    params: ofHome,
    success: 200,
    answer: StorageUse,
  }),
  defineRoute('retention.ofHome', {
    summary: 'What the cameras of a home keep',
    access: { kind: 'home', action: 'view.recordings' },
    params: ofHome,
    success: 200,
    answer: Retention,
  }),
  defineRoute('retention.changeHome', {
    summary: 'Changes what the cameras of a home keep; null takes a value away',
    access: { kind: 'home', action: 'manage' },
    params: ofHome,
    body: RetentionChange,
    success: 200,
    audited: true,
    answer: Retention,
  }),
  defineRoute('retention.ofDevice', {
    summary: 'What a camera keeps',
    access: { kind: 'device', action: 'view.recordings' },
    params: ofDevice,
    success: 200,
    answer: Retention,
  }),
  defineRoute('retention.changeDevice', {
    summary: 'Changes what a camera keeps; null leaves it to its home',
    access: { kind: 'device', action: 'manage' },
    params: ofDevice,
    body: RetentionChange,
    success: 200,
    audited: true,
    answer: Retention,
  }),
] as const;
