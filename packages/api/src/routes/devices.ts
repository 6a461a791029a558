import { Channel, DeviceId, StreamName } from '@cardea/protocol';
import { Type } from 'typebox';
import { Device, DeviceName, DeviceState } from '../model/device.ts';
import { HomeId } from '../model/home.ts';
import { LiveSession, LiveSessionId, Viewer } from '../model/live.ts';
import { pageOf, paging } from '../model/page.ts';
import { PlaybackRequest, PlaybackSession } from '../model/playback.ts';
import { TalkRequest, TalkSession } from '../model/talk.ts';
import { defineRoute } from '../route.ts';

const params = Type.Object({ id: DeviceId });
const liveParams = Type.Object({ sessionId: LiveSessionId });

export const deviceRoutes = [
  defineRoute('device.list', {
    summary: 'The devices the user may see',
    access: { kind: 'user' },
    query: Type.Object({ homeId: Type.Optional(HomeId), state: Type.Optional(DeviceState), ...paging }),
    success: 200,
    answer: pageOf(Device),
  }),
  defineRoute('device.get', {
    summary: 'One device',
    access: { kind: 'device', action: 'view.live' },
    params,
    success: 200,
    answer: Device,
  }),
  defineRoute('device.update', {
    summary: 'Renames a device; whoever may manage it also keeps it from connecting, or lets it connect again',
    access: { kind: 'device', action: 'configure' },
    params,
    body: Type.Object({
      name: Type.Optional(DeviceName),
      disabled: Type.Optional(Type.Boolean({ description: 'true: may not connect; needs the right to manage the device' })),
    }),
    success: 200,
    audited: true,
    answer: Device,
  }),
  defineRoute('device.delete', {
    summary: 'Unbinds a device from its home',
    access: { kind: 'device', action: 'manage' },
    params,
    success: 204,
    audited: true,
  }),
  defineRoute('device.command', {
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
  defineRoute('live.create', {
    summary: 'Starts watching a channel; waits until the device agreed',
    access: { kind: 'device', action: 'view.live' },
    params,
    body: Type.Object({ channel: Channel, stream: StreamName }),
    success: 201,
    audited: true,
    answer: LiveSession,
  }),
  defineRoute('live.renew', {
    summary: 'Keeps a live session or a playback for another minute, and says where it is now',
    access: { kind: 'liveSession' },
    params: liveParams,
    success: 200,
    answer: LiveSession,
  }),
  defineRoute('live.delete', {
    summary: 'Ends a live session or a playback, and its connections',
    access: { kind: 'liveSession' },
    params: liveParams,
    success: 204,
  }),
  defineRoute('playback.create', {
    summary: 'Starts watching what the device recorded on its own disk; waits until the device agreed',
    access: { kind: 'device', action: 'view.recordings' },
    params,
    body: PlaybackRequest,
    success: 201,
    audited: true,
    answer: PlaybackSession,
  }),
  defineRoute('talk.create', {
    summary: 'Starts talking through a camera; waits until the device agreed. One person at a time on each channel',
    access: { kind: 'device', action: 'control' },
    params,
    body: TalkRequest,
    success: 201,
    audited: true,
    answer: TalkSession,
  }),
  defineRoute('talk.delete', {
    summary: 'Ends talking',
    access: { kind: 'liveSession' },
    params: liveParams,
    success: 204,
  }),
  defineRoute('viewer.list', {
    summary: 'Who watches the device now',
    access: { kind: 'device', action: 'view.live' },
    params,
    success: 200,
    answer: pageOf(Viewer),
  }),
] as const;
