import { createClient, type LiveSession } from '@cardea/api';
import { readRtsp } from '../rtsp-form.ts';
import { readWhep } from '../whep-form.ts';
import type { MarkedCamera, Shown } from './marked-camera.ts';
import type { Packing } from './marked-pictures.ts';
import { beginning, packets, playlist, socket, type Taste, whole } from './tasting.ts';

/** Where and as whom somebody asks. */
export interface Asker {
  /** Origin of the process asked. */
  readonly url: string;
  readonly token: string;
}

/** One way in which a picture gets to somebody. */
export interface Way {
  readonly shown: Shown;
  /** Left out where pictures come in something that is not decoded here: only the names in them count. */
  readonly packing?: Packing;
  /** Pictures side by side in each. */
  readonly tiles?: number;
  /** What opens it: who the asker is, what stands in the address, or having the link, whoever one is. */
  readonly by: 'bearer' | 'address' | 'link';
  readonly taste: Taste;
  address(camera: MarkedCamera, asker: Asker): Promise<string>;
}

const id = ({ camera }: MarkedCamera): string => camera.device.id;
const liveBase = (camera: MarkedCamera): string => `/live/${id(camera)}/1/main`;
const vodBase = (camera: MarkedCamera): string => `/vod/${id(camera)}/1/start/${camera.range.from}/end/${camera.range.to}`;

function byBearer(shown: Shown, path: (camera: MarkedCamera) => string, form: Pick<Way, 'packing' | 'taste' | 'tiles'>): Way {
  return { shown, by: 'bearer', ...form, address: async (camera, { url }) => url + path(camera) };
}

function bySession(output: keyof LiveSession['urls'], form: Pick<Way, 'packing' | 'taste'>): Way {
  const address = async (camera: MarkedCamera, asker: Asker): Promise<string> => {
    const body = { channel: 1, stream: 'main' } as const;
    const { urls } = await clientOf(asker).call('live.create', { params: { id: id(camera) }, body, signal: AbortSignal.timeout(5_000) });
    const found = urls[output];
    if (found === undefined) throw new Error(`there is no ${output}`);
    return found;
  };
  return { shown: 'live', by: 'address', ...form, address };
}

function byPlayback(output: 'hls' | 'clip', form: Pick<Way, 'packing' | 'taste'>): Way {
  const address = async (camera: MarkedCamera, asker: Asker): Promise<string> => {
    const { urls } = await clientOf(asker).call('vod.create', { params: { id: id(camera) }, body: { channel: 1, ...camera.range } });
    return new URL(urls[output], asker.url).href;
  };
  return { shown: 'recorded', by: 'address', ...form, address };
}

function byLink(kind: keyof MarkedCamera['shares'], what: string, form: Pick<Way, 'packing' | 'taste' | 'shown'>): Way {
  return { by: 'link', ...form, address: async (camera, { url }) => `${url}${camera.shares[kind]}/${what}` };
}

const toSocket = (way: Way): Way => ({
  ...way,
  taste: socket,
  address: async (camera, asker) => (await way.address(camera, asker)).replace(/^http/, 'ws'),
});

const clientOf = ({ token, url }: Asker) => createClient({ baseUrl: url, token });
const film = { packing: 'mp4', taste: whole } as const;
const still = { packing: 'mjpeg', taste: whole } as const;
const pieces = { packing: 'mp4', taste: playlist } as const;
const flv = { packing: 'flv', taste: beginning } as const;
const overWhep = { packing: 'mp4', taste: packets(readWhep) } as const;

/** Every way in which a picture gets to somebody. */
export const ways: Readonly<Record<string, Way>> = {
  'snapshot.jpg': byBearer('snapshot', (camera) => `${liveBase(camera)}/snapshot.jpg`, still),
  snapshot: byBearer('snapshot', (camera) => `/api/v1/devices/${id(camera)}/snapshots/${camera.snapshotId}`, still),
  alarm: byBearer('alarm', ({ eventId }) => `/api/v1/events/${eventId}/pictures/1`, still),
  thumbnails: byBearer('recorded', (camera) => `${vodBase(camera)}/${camera.segmentId}.jpg`, { ...still, tiles: 10 }),
  segment: byBearer('recorded', ({ segmentId }) => `/api/v1/segments/${segmentId}/media`, film),
  case: byBearer('recorded', (camera) => `/api/v1/devices/${id(camera)}/case?from=${camera.range.from}&to=${camera.range.to}`, {
    taste: whole,
  }),
  log: byBearer('snapshot', ({ logId }) => `/api/v1/logs/${logId}`, { taste: whole }),
  'clip by itself': byBearer('recorded', (camera) => `${vodBase(camera)}/clip.mp4`, film),
  'playback by itself': byBearer('recorded', (camera) => `${vodBase(camera)}/index.m3u8`, pieces),
  clip: byPlayback('clip', film),
  playback: byPlayback('hls', pieces),
  'ws by itself': toSocket(byBearer('live', (camera) => `${liveBase(camera)}/ws`, film)),
  'flv by itself': byBearer('live', (camera) => `${liveBase(camera)}/stream.flv`, flv),
  ws: bySession('ws', { packing: 'mp4', taste: socket }),
  flv: bySession('flv', flv),
  hls: bySession('hls', pieces),
  whep: bySession('whep', overWhep),
  rtsp: bySession('rtsp', { packing: 'mp4', taste: packets(readRtsp) }),
  'shared ws': toSocket(byLink('live', 'live/ws', { ...film, shown: 'live' })),
  'shared flv': byLink('live', 'live/stream.flv', { ...flv, shown: 'live' }),
  'shared hls': byLink('live', 'live/index.m3u8', { ...pieces, shown: 'live' }),
  'shared whep': byLink('live', 'live/whep', { ...overWhep, shown: 'live' }),
  'shared snapshot.jpg': byLink('live', 'live/snapshot.jpg', { ...still, shown: 'snapshot' }),
  'shared clip': byLink('clip', 'clip.mp4', { ...film, shown: 'recorded' }),
  'shared playback': byLink('clip', 'index.m3u8', { ...pieces, shown: 'recorded' }),
  'shared event': byLink('event', 'clip.mp4', { ...film, shown: 'recorded' }),
  'shared alarm': byLink('event', 'pictures/1', { ...still, shown: 'alarm' }),
};
