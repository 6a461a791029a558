import { AppError, type Clock, hasStatus, type Logger, type Random } from '@cardea/core';
import type { StreamName } from '@cardea/protocol';
import type { Camera, CameraStream } from '../../camera.ts';
import { nameOf, type RtspAddress } from './rtsp-address.ts';
import { RtspLink } from './rtsp-link.ts';
import { RtspMemory } from './rtsp-memory.ts';
import type { StreamFacts } from './rtsp-survey.ts';

export interface RtspCameraOptions {
  /** The large picture. */
  readonly main: RtspAddress;
  /** The small one, where the camera has one. */
  readonly sub?: RtspAddress | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Where is kept what the camera was, so that the device comes up without it. */
  readonly stateDirectory: string;
}

const FIRMWARE = '1.0.0';

/**
 * A camera of any maker that sends RTSP: each stream is asked for when somebody wants it and left alone otherwise. Pictures
 * need ffmpeg on the PATH.
 * @throws AppError as `playRtsp`: a camera that was seen before need not be there, one that refuses is told at once
 */
export async function createRtspCamera(options: RtspCameraOptions): Promise<Camera> {
  const { main, sub, stateDirectory } = options;
  const memory = await RtspMemory.open(stateDirectory);
  const opened = [await openStream('main', main, { ...options, memory })];
  if (sub !== undefined) opened.push(await openStream('sub', sub, { ...options, memory }));
  await memory.save();
  return {
    about: { vendor: 'Unknown', model: 'RTSP camera', productId: 'cardea-rtsp', serial: nameOf(main).slice(0, 64), firmware: FIRMWARE },
    channels: [
      {
        channel: 1,
        name: main.host.slice(0, 64),
        streams: opened.map(({ stream }) => stream),
        takePicture: async (request, readOptions) => {
          const found = opened.find(({ stream }) => stream.name === request.stream);
          if (found === undefined) throw new AppError('STREAM_NOT_FOUND', { stream: request.stream });
          return await found.link.takePicture(request, found.stream.gopSec, readOptions);
        },
        detections: ['motion'],
      },
    ],
    power: () => ({ present: false, source: 'mains' }),
    [Symbol.asyncDispose]: async () => {},
  };
}

interface OpenedStream {
  readonly stream: CameraStream;
  readonly link: RtspLink;
}

async function openStream(
  name: StreamName,
  address: RtspAddress,
  { clock, random, logger, memory }: RtspCameraOptions & { readonly memory: RtspMemory },
): Promise<OpenedStream> {
  const link = new RtspLink({ address, random, logger });
  const facts = await link.survey({ clock, signal: new AbortController().signal }).catch((error: unknown): StreamFacts => {
    const known = memory.recall(name, address.url);
    if (known === undefined || !hasStatus(error, 'DEVICE_OFFLINE', 'GOING_AWAY', 'TIMEOUT')) throw error;
    logger.warn({ err: error, stream: name }, 'the camera is not there; what it was is known from before');
    return known;
  });
  memory.note(name, address.url, facts);
  return { link, stream: { name, ...facts, read: (receiver, options) => link.read(receiver, options) } };
}
