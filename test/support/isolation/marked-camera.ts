import type { Client } from '@cardea/api';
import {
  alarmNotification,
  type ParamsOf,
  type ResultOf,
  type RpcDefinition,
  snapshot,
  type UploadTicket,
  uploadLog,
} from '@cardea/protocol';
import { eventually } from '../../e2e/eventually.ts';
import { recorded, SegmentDevice } from '../segment-device.ts';
import { StampedCamera } from '../stamped-camera.ts';
import { type Mark, makeMarkedFilm, makeMarkedStill, nameOf } from './marked-pictures.ts';

/** What a picture is of, told by its sequence: the live ones count from 0 again and again. */
const sequences = { live: [0, 50], recorded: [100, 150], snapshot: [200, 201], alarm: [201, 202] } as const;
export type Shown = keyof typeof sequences;

const FILM_MS = 2_000;

/** A camera of a home, whose every picture says that it is its, and what there is of it to ask for. */
export interface MarkedCamera {
  readonly mark: Pick<Mark, 'home' | 'camera'>;
  readonly homeId: string;
  readonly camera: StampedCamera;
  readonly segmentId: string;
  readonly range: { readonly from: number; readonly to: number };
  readonly eventId: string;
  readonly snapshotId: string;
  readonly logId: string;
  /** Bearer of its storing half. */
  readonly storingToken: string;
  /** Paths of links to each kind of thing, and the id of one. */
  readonly shares: Readonly<Record<'live' | 'clip' | 'event', string>>;
  readonly shareId: string;
}

export interface Household {
  readonly url: string;
  readonly homeId: string;
  /** Of somebody who may do everything in it. */
  readonly client: Client;
}

/** Whether the picture is of this camera, and of what it should be. */
export function isOf({ mark }: MarkedCamera, { camera, home, sequence }: Mark, shown: Shown): boolean {
  const [first, end] = sequences[shown];
  return home === mark.home && camera === mark.camera && sequence >= first && sequence < end;
}

/** Binds a new camera to the home, lets it record, raise an alarm with a picture, take a picture and write a log, and shares all that. */
export async function settleCamera(household: Household, mark: MarkedCamera['mark']): Promise<MarkedCamera> {
  const { client, homeId, url } = household;
  const still = (shown: Shown): Promise<Uint8Array> => makeMarkedStill({ ...mark, sequence: sequences[shown][0] });
  const filmOf = (shown: Shown): Promise<Uint8Array> => makeMarkedFilm({ ...mark, sequence: sequences[shown][0] }, 50);
  const [film, recording, picture, alarmPicture] = await Promise.all([
    filmOf('live'),
    filmOf('recorded'),
    still('snapshot'),
    still('alarm'),
  ]);
  const camera = await StampedCamera.open(url, film, {
    retry: { baseMs: 50, maxMs: 500 },
    methods: [snapshot.method, uploadLog.method],
    answer: (definition, params) => answer(definition, params, { picture, log: Buffer.from(`cardea-mark=${nameOf(mark)}\n`) }),
  });
  const { device } = camera;
  await device.start();
  await device.bind((await client.call('bindingCode.create', { params: { id: homeId }, body: {} })).code);
  const params = { id: device.id };
  await eventually('the camera is known', async () =>
    (await client.call('device.get', { params })).capabilities === null ? undefined : true,
  );
  const vr = await device.videoService();
  using recorder = new SegmentDevice(device.id, vr);
  const { segmentId } = await recorder.store(recorded(recording, FILM_MS));
  const { startAt: from, endAt: to } = await client.call('segment.get', { params: { id: segmentId } });
  const fields = { ...device.eventFields(), occurredAt: from };
  const media = { wantSnapshotTickets: 1, segmentIds: [segmentId] };
  const { snapshotTickets = [] } = await device.call(alarmNotification, {
    ...fields,
    channel: 1,
    alarmType: 'motion',
    state: 'pulse',
    media,
  });
  for (const ticket of snapshotTickets) await put(ticket, alarmPicture);
  const eventId = await eventually('the alarm has a picture', async () => {
    const { items } = await client.call('event.list', { query: { deviceId: device.id, kind: 'alarm' } });
    return items.find((item) => item.pictures.length > 0)?.id;
  });
  await client.command(device.id, 'snapshot.capture', { channel: 1, inline: false });
  const snapshotId = await eventually('the picture is kept', async () => {
    const { items } = await client.call('snapshot.list', { params });
    return items.find(({ taskId }) => taskId !== undefined)?.id;
  });
  await client.command(device.id, 'log.upload', { types: ['system'] });
  const logId = await eventually('the log is there', async () => {
    const { items } = await client.call('deviceLog.list', { params });
    return items[0]?.id;
  });
  const share = (kind: 'live' | 'clip' | 'event') =>
    client.call('share.create', {
      body: { kind, deviceId: device.id, ...(kind === 'clip' && { from, to }), ...(kind === 'event' && { eventId }) },
    });
  const [live, clip, event] = await Promise.all([share('live'), share('clip'), share('event')]);
  const shares = { live: new URL(live.url).pathname, clip: new URL(clip.url).pathname, event: new URL(event.url).pathname };
  return {
    ...{ mark, homeId, camera, segmentId, range: { from, to }, eventId, snapshotId, logId, shares, shareId: live.id },
    storingToken: vr.token,
  };
}

async function answer(
  { method }: RpcDefinition,
  params: unknown,
  { picture, log }: { readonly picture: Uint8Array; readonly log: Uint8Array },
): Promise<ResultOf<typeof snapshot> | ResultOf<typeof uploadLog>> {
  if (method === uploadLog.method) {
    const { taskId, upload } = params as ParamsOf<typeof uploadLog>;
    await put(upload, log);
    return { accepted: true, taskId };
  }
  const { uploads = [] } = params as ParamsOf<typeof snapshot>;
  for (const ticket of uploads) await put(ticket, picture);
  const image = { capturedAt: Date.now(), width: 320, height: 240, sizeBytes: picture.length, sha256: '', status: 'uploaded' } as const;
  return { images: uploads.map((_, index) => ({ index, ...image })) };
}

async function put({ headers = {}, url }: UploadTicket, bytes: Uint8Array): Promise<void> {
  const response = await fetch(url, { method: 'PUT', headers, body: bytes as Uint8Array<ArrayBuffer> });
  if (!response.ok) throw new Error(`the upload was answered ${response.status}: ${await response.text()}`);
}
