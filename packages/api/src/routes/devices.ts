import { Channel, DeviceId, StreamName } from '@cardea/protocol';
import { Type } from 'typebox';
import { Device, DeviceName, DeviceState } from '../model/device.ts';
import { HomeId } from '../model/home.ts';
import { LiveSession, LiveSessionId, Viewer } from '../model/live.ts';
import { pageOf, paging } from '../model/page.ts';
import { defineRoute } from '../route.ts';

const params = Type.Object({ id: DeviceId });
const liveParams = Type.Object({ sessionId: LiveSessionId });

export const deviceRoutes = [
  defineRoute({
    id: 'device.list',
    method: 'GET',
    path: '/devices',
    summary: 'The devices the user may see',
    access: { kind: 'user' },
    query: Type.Object({ homeId: Type.Optional(HomeId), state: Type.Optional(DeviceState), ...paging }),
    success: 200,
    answer: pageOf(Device),
  }),
  defineRoute({
    id: 'device.get',
    method: 'GET',
    path: '/devices/{id}',
    summary: 'One device',
    access: { kind: 'device', action: 'view.live' },
    params,
    success: 200,
    answer: Device,
  }),
  defineRoute({
    id: 'device.update',
    method: 'PATCH',
    path: '/devices/{id}',
    summary: 'Renames a device',
    access: { kind: 'device', action: 'configure' },
    params,
    body: Type.Object({ name: DeviceName }),
    success: 200,
    answer: Device,
  }),
  defineRoute({
    id: 'device.delete',
    method: 'DELETE',
    path: '/devices/{id}',
    summary: 'Unbinds a device from its home',
    access: { kind: 'device', action: 'manage' },
    params,
    success: 204,
  }),
  defineRoute({
    id: 'device.command',
    method: 'POST',
    path: '/devices/{id}/commands/{method}',
    summary: 'Sends one Vd message; the body is its `params`, the answer its `result`',
    access: { kind: 'command' },
    params: Type.Object({
      id: DeviceId,
      method: Type.String({ minLength: 1, maxLength: 64, description: 'a Vd method, e.g. `ptz.control`' }),
    }),
    body: Type.Record(Type.String(), Type.Unknown()),
    success: 200,
    answer: Type.Unknown(),
  }),
  defineRoute({
    id: 'live.create',
    method: 'POST',
    path: '/devices/{id}/live',
    summary: 'Starts watching a channel; waits until the device agreed',
    access: { kind: 'device', action: 'view.live' },
    params,
    body: Type.Object({ channel: Channel, stream: StreamName }),
    success: 201,
    answer: LiveSession,
  }),
  defineRoute({
    id: 'live.renew',
    method: 'PUT',
    path: '/live/{sessionId}',
    summary: 'Keeps a live session for another minute',
    access: { kind: 'liveSession' },
    params: liveParams,
    success: 200,
    answer: LiveSession,
  }),
  defineRoute({
    id: 'live.delete',
    method: 'DELETE',
    path: '/live/{sessionId}',
    summary: 'Ends a live session and its connections',
    access: { kind: 'liveSession' },
    params: liveParams,
    success: 204,
  }),
  defineRoute({
    id: 'viewer.list',
    method: 'GET',
    path: '/devices/{id}/viewers',
    summary: 'Who watches the device now',
    access: { kind: 'device', action: 'view.live' },
    params,
    success: 200,
    answer: pageOf(Viewer),
  }),
] as const;
