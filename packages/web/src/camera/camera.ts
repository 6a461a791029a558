import type { Device, StreamName } from '../api/queries.ts';

/** One lens of a device: what people call a camera. */
export interface Camera {
  readonly device: Device;
  readonly channel: number;
  readonly name: string;
  readonly streams: readonly StreamName[];
}

/** The cameras of a device, in order; none until the device has told what it has. */
export function camerasOf(device: Device): readonly Camera[] {
  return device.channels.map(({ channel, name, streams }) => ({
    device,
    channel,
    streams,
    name: device.channels.length === 1 ? device.name : `${device.name} · ${name}`,
  }));
}

/** The stream to look at closely: the best one, unless the camera has only the small one. */
export function bestStream({ streams }: Pick<Camera, 'streams'>): StreamName {
  return streams.includes('sub') && !streams.includes('main') ? 'sub' : 'main';
}

/** Where the page of a camera is. */
export function cameraPath({ device, channel }: Pick<Camera, 'device' | 'channel'>): string {
  return `/cameras/${device.id}/${channel}`;
}
