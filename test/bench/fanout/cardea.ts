import { AppError } from '@cardea/core';
import { type ParamsOf, pushLiveVideo, stopLiveVideo } from '@cardea/protocol';
import { LightDevice } from '../../support/light-device.ts';
import { startPlatformProcess, unlimited } from '../../support/platform-process.ts';
import type { Contestant } from './servers.ts';
import type { ViewerProtocol } from './viewers.ts';

/** A device takes few commands at a time. */
const CHANNELS_PER_DEVICE = 10;

/** Our platform as it comes, with devices whose channels push over RTMP what they are told. */
export async function startCardea({ channels }: { readonly channels: number }): Promise<Contestant> {
  await using stack = new AsyncDisposableStack();
  const platform = stack.use(await startPlatformProcess({ ...unlimited, 'rtmp.listen': '127.0.0.1:0' }));
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
  const running = stack.move();
  return {
    name: 'Cardea',
    pids: [platform.pid],
    publishUrl: async (index) => {
      const device = devices[Math.floor(index / CHANNELS_PER_DEVICE)];
      const channel = (index % CHANNELS_PER_DEVICE) + 1;
      if (device === undefined) throw new Error('there is no such channel');
      const { urls } = await client.call('live.create', { params: { id: device.id }, body: { channel, stream: 'main' } });
      views.set(index, urls);
      return targets.get(`${device.id} ${channel}`) ?? '';
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
