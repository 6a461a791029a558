import { DeviceLogs } from '../device-logs/device-logs.ts';
import { DeviceManagement } from '../device-management/device-management.ts';
import { firmwareFiller } from '../device-management/firmware-filler.ts';
import { livePushFiller } from '../device-management/live-push-filler.ts';
import { playbackFiller } from '../device-management/playback-filler.ts';
import { snapshotFiller } from '../device-management/snapshot-filler.ts';
import { talkFiller } from '../device-management/talk-filler.ts';
import { FirmwareService } from '../firmware/firmware-service.ts';
import { type LiveMediaServices, openLiveMedia } from '../live-media.ts';
import type { DeviceCommands, PrincipalFromRequest } from '../media-broadcasting/ports.ts';
import { Pictures } from '../pictures/pictures.ts';
import { Uploads } from '../uploads/uploads.ts';
import { boundlessVolume, directoryVolume } from '../video-service/retention/volume.ts';
import { VideoService } from '../video-service/video-service.ts';
import { type Foundation, VERSION } from './foundation.ts';
import type { Nodes } from './nodes.ts';
import type { People } from './people.ts';

/** What is done with devices: commands and events, recordings, live media, pictures, logs and firmware. */
export interface Cameras {
  readonly uploads: Uploads;
  readonly logs: DeviceLogs;
  readonly firmware: FirmwareService;
  readonly pictures: Pictures;
  readonly video: VideoService;
  readonly devices: DeviceManagement;
  readonly media: LiveMediaServices;
  /** Begins what the roles of this process ask for. @throws AppError INVALID_STATE when the objects are not on the volume the catalogue knows */
  start(): Promise<void>;
}

export interface CamerasOptions {
  readonly base: Foundation;
  readonly people: People;
  readonly nodes: Nodes;
  readonly principalFromRequest: PrincipalFromRequest;
}

const SERVER_ID = 'cardea';

export function openCameras(options: CamerasOptions, stack: AsyncDisposableStack): Cameras {
  const { base, nodes, principalFromRequest } = options;
  const { clock, db, roles } = base;
  const uploads = stack.use(new Uploads(base));
  const logs = new DeviceLogs({ db, clock, uploads });
  const firmware: FirmwareService = stack.use(
    new FirmwareService({
      ...base,
      devices: {
        send: (deviceId, definition, params, settings) => devices.send(deviceId, definition, params, settings),
        isOnline: (deviceId) => devices.presenceOf(deviceId) === 'online',
      },
      notices: { note: (deviceId, homeId, notice) => devices.note(deviceId, homeId, notice) },
    }),
  );
  const pictures = new Pictures({ ...base, uploads });
  const video: VideoService = stack.use(openVideo(base, () => devices));
  const parts = { ...options, logs, firmware, pictures, video };
  const devices: DeviceManagement = stack.use(openDevices(parts, () => media));
  const commands: DeviceCommands = {
    call: (deviceId, definition, params, settings) => devices.send(deviceId, definition, params, settings),
  };
  const media: LiveMediaServices = stack.use(
    openLiveMedia({
      ...base,
      ...nodes,
      headroom: base.http.headroom,
      principalFromRequest,
      isHere: roles.includes('media'),
      commands,
      channels: devices,
    }),
  );
  return {
    uploads,
    logs,
    firmware,
    pictures,
    video,
    devices,
    media,
    start: async () => {
      pictures.start();
      logs.start();
      await devices.start();
      if (roles.includes('video')) await video.start();
      if (roles.includes('api') || roles.includes('access')) {
        // Whoever gives tickets for what is small takes it in, too, where no recordings are.
        if (!base.objects.sound) await base.objects.start();
        uploads.start();
      }
      if (roles.includes('api')) firmware.start();
    },
  };
}

function openVideo(base: Foundation, devices: () => DeviceManagement): VideoService {
  const { config } = base;
  return new VideoService({
    ...base,
    serverId: SERVER_ID,
    limits: { maxSegmentBytes: config['limits.segmentBytes'] },
    volume: config['objects.url'] === '' ? directoryVolume(config.data) : boundlessVolume,
    retention: { days: config['storage.days'], totalBytes: config['storage.bytes'] === 0 ? undefined : config['storage.bytes'] },
    onWish: (deviceIds) => devices().recordAsWished(deviceIds),
    notices: {
      full: ({ deviceId, homeId }, occurredAt) =>
        devices().note(deviceId, homeId, { type: 'storage', text: 'there is no room for recordings', occurredAt }),
      stopped: ({ deviceId, homeId, channel }, occurredAt) =>
        devices().note(deviceId, homeId, { type: 'recordingStopped', text: 'no video arrives', channel, occurredAt }),
    },
  });
}

type DeviceParts = CamerasOptions & Pick<Cameras, 'logs' | 'firmware' | 'pictures' | 'video'>;

function openDevices(
  { base, people, nodes, logs, firmware, pictures, video }: DeviceParts,
  media: () => LiveMediaServices,
): DeviceManagement {
  const { config, publicUrl } = base;
  return new DeviceManagement({
    ...base,
    ...nodes,
    wakeService: (holder) => nodes.wake.serviceFor(holder),
    inUse: async (deviceId) => media().here?.talks.isUsed(deviceId) || (await media().live.isUsed(deviceId)),
    claims: people.bindings,
    pictures,
    logs,
    recordings: video.ledger,
    wishes: video.wishes,
    recipients: people.recipientKeys,
    fillers: {
      'snapshot.capture': snapshotFiller(pictures),
      'log.upload': (command) => logs.fill(command),
      'firmware.upgrade': firmwareFiller(firmware.catalogue),
      'live.push': livePushFiller((proof, wanted) => media().live.pushTarget(proof, wanted)),
      'playback.start': playbackFiller((proof, wanted) => media().live.playbackTarget(proof, wanted)),
      'talk.start': talkFiller((proof, wanted) => media().talks.sourceFor(proof, wanted)),
    },
    onRefused: { 'log.upload': (command) => logs.refused(command) },
    ownOrigins: () => [publicUrl(), ...nodes.mediaUrls()].flatMap((origin) => [origin, origin.replace(/^http/, 'ws')]),
    server: { id: SERVER_ID, version: VERSION, maxSegmentBytes: config['limits.segmentBytes'] },
  });
}
