import { networkInterfaces } from 'node:os';
import type { ParamsOf, queryDeviceStatus, ResultOf } from '@cardea/protocol';
import type { CameraChannel } from '../camera.ts';
import type { HandlerContext } from './context.ts';

type Status = ResultOf<typeof queryDeviceStatus>;
type Context = Pick<
  HandlerContext,
  'camera' | 'isChannelOnline' | 'boot' | 'config' | 'live' | 'recording' | 'disk' | 'playbacks' | 'power' | 'upgrades' | 'clock'
>;

export async function handleQueryDeviceStatus(_params: ParamsOf<typeof queryDeviceStatus>, context: Context): Promise<Status> {
  const { camera, boot, clock, disk, playbacks, power, recording, upgrades } = context;
  const { diskId, state, freeBytes } = disk.information({ recording: recording.isActive });
  return {
    uptimeSec: boot.uptimeSec(),
    bootId: boot.bootId,
    firmware: upgrades.status.currentVersion,
    network: networkStatus(),
    power: power.state,
    disks: [{ diskId, state, freeBytes }],
    channels: camera.channels.map((channel) => channelStatus(channel, context)),
    playback: [...playbacks.states],
    upgrade: upgrades.status.state,
    timeSynchronized: clock.synchronized,
  };
}

function channelStatus(
  { channel, head }: CameraChannel,
  { isChannelOnline, config, live, recording }: Context,
): Status['channels'][number] {
  return {
    channel,
    online: isChannelOnline(channel),
    live: live.status(channel),
    recording: recording.activity(channel),
    privacy: config.text('privacy.mode', channel) === 'on',
    ...(head && { ptz: head.status() }),
  };
}

function networkStatus(): Status['network'] {
  const outer = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ internal, family }) => !internal && family === 'IPv4');
  return { type: 'ethernet', ...(outer && { ip: outer.address, mac: outer.mac }) };
}
