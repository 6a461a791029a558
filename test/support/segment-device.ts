import { createHash } from 'node:crypto';
import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { createRandom, SystemClock } from '@cardea/core';
import type { BodyOf, CreatedSegment, CreateSegment, confirmVideoSegment, VrAccess } from '@cardea/protocol';
import type { Owner } from '../e2e/owner.ts';
import { LightDevice } from './light-device.ts';

/** A file a device has recorded. */
export interface Recorded {
  readonly bytes: Uint8Array;
  /** SHA-256, lower-case hex. */
  readonly sha256: string;
  readonly durationMs: number;
}

export function recorded(bytes: Uint8Array, durationMs: number): Recorded {
  return { bytes, durationMs, sha256: createHash('sha256').update(bytes).digest('hex') };
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

const clock = new SystemClock();
const random = createRandom(clock);

/** The storing half of a device: announces, uploads and confirms segments, one right after the other, back in time. */
export class SegmentDevice implements Disposable {
  readonly deviceId: string;
  private readonly vr: VrAccess;
  private readonly agent = new Agent({ keepAlive: true });
  private before = clock.now();

  constructor(deviceId: string, vr: VrAccess) {
    this.deviceId = deviceId;
    this.vr = vr;
  }

  /** A new device in the owner's home. */
  static async bind({ url, client, homeId }: Owner): Promise<SegmentDevice> {
    const device = new LightDevice({ platformUrl: url });
    await device.start();
    const { code } = await client.call('bindingCode.create', { params: { id: homeId }, body: {} });
    await device.bind(code);
    const vr = await device.videoService();
    await device.stop();
    return new SegmentDevice(device.id, vr);
  }

  /** Announces what lies just before everything announced so far. */
  announcement({ durationMs }: Recorded): CreateSegment {
    this.before -= durationMs;
    return {
      clientSegmentId: random.ulid(),
      channel: 1,
      stream: 'main',
      kind: 'continuous',
      startAt: this.before,
      durationMs,
      container: 'fmp4',
      codecs: 'avc1.42c01f',
    };
  }

  /** Stores a segment from beginning to end. @throws Error saying which step was answered how */
  async store(segment: Recorded): Promise<CreatedSegment> {
    const announced = this.announcement(segment);
    const created = JSON.parse(expectOk('create', await this.create(announced))) as CreatedSegment;
    expectOk('upload', await this.put(created, segment.bytes));
    expectOk('confirm', await this.confirm(created, reportOf(segment, announced.startAt)));
    return created;
  }

  async create(announced: CreateSegment): Promise<Answer> {
    return await this.post('/segments', announced);
  }

  async put({ upload }: CreatedSegment, bytes: Uint8Array): Promise<Answer> {
    return await this.send('PUT', upload.url, { ...upload.headers }, bytes);
  }

  async confirm({ segmentId }: CreatedSegment, report: BodyOf<typeof confirmVideoSegment>): Promise<Answer> {
    return await this.post(`/segments/${segmentId}/confirm`, report);
  }

  [Symbol.dispose](): void {
    this.agent.destroy();
  }

  private async post(path: string, body: unknown): Promise<Answer> {
    const headers = { authorization: `Bearer ${this.vr.token}`, 'content-type': 'application/json' };
    return await this.send('POST', this.vr.baseUrl + path, headers, Buffer.from(JSON.stringify(body)));
  }

  private async send(method: string, url: string, headers: Record<string, string>, body: Uint8Array): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const sending = request(url, { method, agent: this.agent, headers: { ...headers, 'content-length': body.length } }, (response) => {
      text(response).then((answered) => resolve({ status: response.statusCode ?? 0, body: answered }), reject);
    });
    sending.on('error', reject);
    sending.end(body);
    return await promise;
  }
}

export function reportOf({ bytes, sha256, durationMs }: Recorded, startAt: number): BodyOf<typeof confirmVideoSegment> {
  return { sizeBytes: bytes.length, sha256, startAt, endAt: startAt + durationMs, attempts: 1, uploadMs: 5 };
}

function expectOk(step: string, { status, body }: Answer): string {
  if (status < 200 || status > 299) throw new Error(`${step} answered ${status}: ${body}`);
  return body;
}
