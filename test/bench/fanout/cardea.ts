import { AppError } from '@cardea/core';
import { type ParamsOf, pushLiveVideo, stopLiveVideo } from '@cardea/protocol';
import { LightDevice } from '../../support/light-device.ts';
import { startPlatformProcess, unlimited } from '../../support/platform-process.ts';
import type { Contestant } from './servers.ts';
import type { ViewerProtocol } from './viewers.ts';

export interface CardeaContestant extends Contestant {
  /** Another session that watches stream number `index`: its addresses. */
  open(index: number): Promise<Readonly<Record<string, string | undefined>>>;
}

/** A device takes few commands at a time. */
const CHANNELS_PER_DEVICE = 10;

/** Our platform as it comes, with devices whose channels push over RTMP what they are told. */
export async function startCardea({
  channels,
  tls = false,
}: {
  readonly channels: number;
  readonly tls?: boolean;
}): Promise<CardeaContestant> {
  await using stack = new AsyncDisposableStack();
  // The platform makes a certificate that nobody here has to trust.
  if (tls) process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
  const platform = stack.use(await startPlatformProcess({ ...unlimited, 'rtmp.listen': '127.0.0.1:0', 'tls.mode': tls ? 'auto' : 'off' }));
  const { client, homeId, url } = platform.owner;
  const targets = new Map<string, string>();
  const devices: LightDevice[] = [];
  for (let left = channels; left > 0; left -= CHANNELS_PER_DEVICE) {
    const device: LightDevice = new LightDevice({
      platformUrl: url,
      methods: [pushLiveVideo.method, stopLiveVideo.method],
      announced: { channels: Array.from({ length: Math.min(left, CHANNELS_PER_DEVICE) }, (_, index) => channelNumber(index + 1)) },
      answer: async (definition, params) => {
        if (definition.method === stopLiveVideo.method) return { stopped: [] };
        if (definition.method !== pushLiveVideo.method) throw new AppError('NOT_SUPPORTED');
        const { channel, sessionId, target } = params as ParamsOf<typeof pushLiveVideo>;
        targets.set(`${device.id} ${channel}`, target.url);
        return { sessionId, state: 'connecting', video: { codec: 'h264', width: 1280, height: 720, fps: 25, kbps: 2_000 } };
      },
    });
    stack.defer(() => device.stop());
    await device.start();
    await device.bind((await client.call('bindingCode.create', { params: { id: homeId }, body: {} })).code);
    devices.push(device);
  }
  const views = new Map<number, Readonly<Record<string, string | undefined>>>();
  const lensOf = (index: number): { readonly id: string; readonly channel: number } => {
    const device = devices[Math.floor(index / CHANNELS_PER_DEVICE)];
    if (device === undefined) throw new Error('there is no such channel');
    return { id: device.id, channel: (index % CHANNELS_PER_DEVICE) + 1 };
  };
  const open: CardeaContestant['open'] = async (index) => {
    const { id, channel } = lensOf(index);
    return (await client.call('live.create', { params: { id }, body: { channel, stream: 'main' } })).urls;
  };
  const running = stack.move();
  return {
    name: 'Cardea',
    pids: [platform.pid],
    open,
    publishUrl: async (index) => {
      views.set(index, await open(index));
      const { id, channel } = lensOf(index);
      return targets.get(`${id} ${channel}`) ?? '';
    },
    viewUrl: (protocol: ViewerProtocol, index) => views.get(index)?.[protocol] ?? '',
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function channelNumber(channel: number) {
  return {
    channel,
    video: [{ stream: 'main', codecs: ['h264'], resolutions: [[1_280, 720]], fps: [1, 25], bitrateKbps: [50, 4_000], gopSec: [1, 4] }],
    live: { protocols: ['rtmp'], maxSessions: 1 },
    detections: [],
  } satisfies NonNullable<NonNullable<ConstructorParameters<typeof LightDevice>[0]['announced']>['channels']>[number];
}
