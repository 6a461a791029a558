import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CardeaProcess } from '../e2e/cardea-process.ts';
import { PlaybackViewer } from '../e2e/device-management/playback-viewer.ts';
import { Talker } from '../e2e/device-management/talker.ts';
import { eventually } from '../e2e/eventually.ts';
import { type Owner, setUpOwner } from '../e2e/owner.ts';
import { FirmwareMaker } from './firmware-maker.ts';
import { liveForms, type ReadForm } from './live-forms.ts';
import { type Destination, destinationsIn, networkTracer } from './network-trace.ts';
import { readRtsp } from './rtsp-form.ts';
import { readWhep } from './whep-form.ts';

const forms: Readonly<Record<string, ReadForm>> = { ...liveForms, rtsp: readRtsp, whep: readWhep };
const ownPorts = ['rtmp', 'rtsp', 'wake', 'webrtc'].flatMap((name) => [`--${name}`, '127.0.0.1:0']);
const quiet = ['--log-level', 'error'];

/** A home with one camera whose processes are watched for whom they speak to. */
export class WatchedHome implements AsyncDisposable {
  readonly owner: Owner;
  private readonly directory: string;
  private readonly maker = new FirmwareMaker();
  private readonly platform: CardeaProcess;
  private camera: CardeaProcess | undefined;
  private version = 0;

  private constructor(directory: string, platform: CardeaProcess, owner: Owner) {
    this.directory = directory;
    this.platform = platform;
    this.owner = owner;
  }

  /** Starts the platform with all its ports, and binds a camera to its first home. */
  static async open(directory: string): Promise<WatchedHome> {
    const args = ['serve', '--data', join(directory, 'data'), '--listen', '127.0.0.1:0', ...ownPorts, ...quiet];
    const platform = new CardeaProcess(args, {}, networkTracer(join(directory, 'platform.trace')));
    const home = new WatchedHome(directory, platform, await setUpOwner(platform));
    await writeFile(join(directory, 'maker.pem'), home.maker.keyPem);
    const { code } = await home.owner.client.call('bindingCode.create', { params: { id: home.owner.homeId }, body: {} });
    await home.startCamera('--binding-code', code, '--firmware-key', join(directory, 'maker.pem'));
    return home;
  }

  /** Everything people do with a camera, then new firmware and a power cut. */
  async spendADay(): Promise<void> {
    const deviceId = await this.online();
    await this.look(deviceId);
    await this.act(deviceId);
    await this.lookBack(deviceId);
    await this.upgrade(deviceId);
    await this.camera?.stop('SIGKILL');
    await this.startCamera();
    await this.online();
  }

  /** Ends both; resolves with whom each spoke to. */
  async end(): Promise<Readonly<Record<'platform' | 'camera', readonly Destination[]>>> {
    await this.camera?.stop();
    await this.platform.stop();
    const traceOf = (name: string): string => join(this.directory, `${name}.trace`);
    return { platform: await destinationsIn(traceOf('platform')), camera: await destinationsIn(traceOf('camera')) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.camera?.[Symbol.asyncDispose]();
    await this.platform[Symbol.asyncDispose]();
  }

  private async startCamera(...more: string[]): Promise<void> {
    const args = ['device', 'run', '--platform', this.owner.url, '--state', join(this.directory, 'camera'), ...quiet, ...more];
    this.camera = new CardeaProcess(args, {}, networkTracer(join(this.directory, 'camera.trace')));
    await this.camera.printed(/is running$/);
  }

  private async online(): Promise<string> {
    return await eventually('a camera that is online', async () => {
      const { items } = await this.owner.client.call('device.list');
      return items.find(({ capabilities, state }) => state === 'online' && capabilities !== undefined)?.id;
    });
  }

  /** Live pictures in every form. */
  private async look(id: string): Promise<void> {
    const { client } = this.owner;
    const { sessionId, urls } = await client.call('live.create', { params: { id }, body: { channel: 1, stream: 'main' } });
    for (const [name, read] of Object.entries(forms)) {
      const enough = new AbortController();
      await read(new Map<string, string | undefined>(Object.entries(urls)).get(name) ?? '', {
        signal: enough.signal,
        onBytes: () => enough.abort(),
      });
    }
    await client.call('live.delete', { params: { sessionId } });
  }

  private async act(id: string): Promise<void> {
    const { client } = this.owner;
    await client.command(id, 'ptz.control', { channel: 1, action: 'absolute', position: { pan: 0.5, tilt: 0, zoom: 0 } });
    await client.command(id, 'snapshot.capture', { channel: 1 });
    await client.command(id, 'log.upload', { types: ['system'] });
    const { eventId } = await client.command(id, 'alarm.trigger', { channel: 1, alarmType: 'motion' });
    const talk = await client.call('talk.create', { params: { id }, body: { channel: 1, codecs: ['g711u'] } });
    using talker = await Talker.open(talk.url);
    talker.hum('g711u', 440, 10);
    await eventually('the camera plays', async () => (talker.states.at(-1) === 'playing' ? true : undefined));
    await client.call('talk.delete', { params: { sessionId: talk.sessionId } });
    await eventually('the alarm, its picture, a snapshot and the log', async () => {
      const alarms = await client.call('event.list', { query: { deviceId: id, kind: 'alarm' } });
      const logs = await client.call('deviceLog.list', { params: { id } });
      const pictures = await client.call('snapshot.list', { params: { id } });
      const isHere = alarms.items.some((alarm) => alarm.eventId === eventId && alarm.pictures.length > 0);
      return isHere && logs.items.some(({ state }) => state === 'stored') && pictures.items.length > 0 ? true : undefined;
    });
  }

  /** A recording of the platform, and one of the camera. */
  private async lookBack(id: string): Promise<void> {
    const { client } = this.owner;
    const { taskId } = await client.command(id, 'record.start', { channel: 1, target: 'local', reason: 'manual' });
    const segment = await eventually('a stored video segment', async () => {
      const { items } = await client.call('segment.list', { params: { id } });
      return items[0];
    });
    const { startAt: from, endAt: to } = segment;
    const { urls } = await client.call('vod.create', { params: { id }, body: { channel: 1, from, to } });
    await (await fetch(urls.clip)).bytes();
    await client.command(id, 'record.stop', { taskId });
    const startAt = await eventually('a recording on the disk of the camera', async () => {
      const { spans } = await client.command(id, 'record.list', { channel: 1, fromAt: 0, toAt: Date.now() + 60_000 });
      return spans.at(-1)?.startAt;
    });
    const playback = await client.call('playback.create', { params: { id }, body: { channel: 1, startAt } });
    await using viewer = await PlaybackViewer.open(playback.urls.ws);
    await eventually('the camera shows its recording', async () => (viewer.pictures.length > 0 ? true : undefined));
  }

  private async upgrade(id: string): Promise<void> {
    const { client } = this.owner;
    this.version += 1;
    const version = `1.${this.version}.0`;
    await this.maker.offer(this.owner, version);
    await client.command(id, 'firmware.upgrade', { version });
    await eventually(`the camera runs ${version}`, async () => {
      const { firmware, state } = await client.call('device.get', { params: { id } });
      return firmware === version && state === 'online' ? true : undefined;
    });
  }
}
