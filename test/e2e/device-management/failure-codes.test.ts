import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ApiProblem, type Client } from '@cardea/api';
import { AppError } from '@cardea/core';
import {
  type CapabilitySet,
  extensionMessages,
  PtzAction,
  type RpcDefinition,
  type StatusName,
  statusTable,
  vdMessages,
} from '@cardea/protocol';
import { FirmwareMaker } from '../../support/firmware-maker.ts';
import { LightDevice } from '../../support/light-device.ts';
import { type PlatformHere, startPlatformHere } from './platform-here.ts';

/** Where the example does not suit the device of the test. */
const more: Readonly<Record<string, object>> = { 'firmware.upgrade': { version: '2.0.0' } };

type Command = Parameters<Client['command']>[1];

const commands = [...Object.values(vdMessages), ...Object.values(extensionMessages)].filter(
  ({ sender, method }) => sender === 'platform' && method !== 'device.reschedule',
);

/** Commands are limited for each device, so several share the work. */
const DEVICES = 4;

/** A device that refuses everything with `refusal`. */
interface Refusing {
  readonly device: LightDevice;
  refusal: StatusName;
}

let platform: PlatformHere;
let devices: readonly Refusing[];

/** Everything a message may need. */
const announced: Pick<CapabilitySet, 'channels' | 'storage'> = {
  channels: [
    {
      channel: 1,
      video: [{ stream: 'main', codecs: ['h264'], resolutions: [[640, 360]], fps: [25, 25], bitrateKbps: [500, 500], gopSec: [1, 1] }],
      audio: { codecs: ['aac', 'opus', 'g711a'], sampleRates: [8_000, 16_000, 48_000], talk: 'half' },
      live: { protocols: ['wss-fmp4'], maxSessions: 4 },
      snapshot: { maxWidth: 640, maxHeight: 360 },
      ptz: { actions: [...PtzAction.enum], axes: ['pan', 'tilt', 'zoom'], maxPresets: 8, maxTimeoutMs: 10_000 },
      detections: ['motion'],
    },
  ],
  storage: {
    disks: 1,
    localModes: ['continuous'],
    cloudModes: ['continuous'],
    containers: ['fmp4'],
    maxSegmentSec: 60,
    preRollSecMax: 30,
    encryption: ['none'],
    playback: { speeds: [1, 2], reverse: false, maxSessions: 2 },
  },
};
async function refusingDevice(): Promise<Refusing> {
  const { client, homeId, url } = platform.owner;
  const answer = async (): Promise<never> => {
    throw new AppError(refusing.refusal);
  };
  const device = new LightDevice({ platformUrl: url, methods: commands.map(({ method }) => method), announced, answer });
  const refusing: Refusing = { device, refusal: 'UNSPECIFIED' };
  await device.start();
  await device.bind((await client.call('bindingCode.create', { params: { id: homeId }, body: {} })).code);
  return refusing;
}

before(async () => {
  platform = await startPlatformHere();
  await new FirmwareMaker().offer(platform.owner, '2.0.0', { model: 'Light 1' });
  devices = await Promise.all(Array.from({ length: DEVICES }, refusingDevice));
});
after(async () => {
  await Promise.all(devices.map(({ device }) => device.stop()));
  await platform[Symbol.asyncDispose]();
});

/** How the platform tells that the device refused the first example of the message. */
async function problemOf(device: LightDevice, { method, examples, platformFills = [] }: RpcDefinition): Promise<ApiProblem> {
  const { client } = platform.owner;
  const example = Object.entries((examples[0]?.params ?? {}) as object).filter(([name]) => !platformFills.includes(name));
  const params = { ...Object.fromEntries(example), ...('channel' in Object.fromEntries(example) && { channel: 1 }), ...more[method] };
  const error = await client.command(device.id, method as Command, params as never).then(
    () => assert.fail(`${method} was not refused`),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ApiProblem, String(error));
  return error;
}

test('each failure code of each message reaches the caller as the number the device gave', async () => {
  const different: string[] = [];
  const cases = commands.flatMap((definition) => definition.errors.map((name) => ({ definition, name })));
  const work = devices.map(async (refusing, index) => {
    for (const { definition, name } of cases.filter((_, number) => number % DEVICES === index)) {
      refusing.refusal = name;
      const problem = await problemOf(refusing.device, definition);
      const { code } = statusTable[name];
      if (problem.deviceError !== code) different.push(`${definition.method} ${name}: ${problem.code} ${problem.name} ${problem.detail}`);
    }
  });
  await Promise.all(work);
  assert.ok(cases.length > 100);
  assert.deepEqual(different, []);
});
