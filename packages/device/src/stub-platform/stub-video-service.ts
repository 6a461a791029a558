import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '@cardea/core';
import type { StubAnswer } from './stub-platform.ts';
import { type Json, wireError } from './stub-vd.ts';

export interface StubSegment {
  readonly segmentId: string;
  readonly create: Json;
  state: 'created' | 'stored' | 'cancelled';
  puts: number;
  bytes?: Buffer;
  confirm?: Json;
  cancelReason?: string;
}

export interface StubRequest {
  readonly method: string;
  readonly path: string;
  readonly bearer: string;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
}

/** Vr and its object store, in memory. */
export class StubVideoService {
  readonly segments: StubSegment[] = [];
  readonly pictures: Buffer[] = [];
  readonly statistics: Json[] = [];
  token = 'vr-token-1';
  infoRequests = 0;
  plan: Json = { active: true, kind: 'continuous', retainDays: 30 };
  limits: Json = { maxSegmentBytes: 52_428_800, targetSegmentSec: 10, maxConcurrentUploads: 2, maxBacklogSec: 604_800 };
  /** Replaces an answer; `undefined` gives the usual one. `what` is create, put, confirm, cancel, info or statistics. */
  onRequest: (what: string, request: StubRequest) => StubAnswer | undefined = () => undefined;
  /** How long the line takes for an upload of so many bytes. */
  uplink: (path: string, sizeBytes: number) => Promise<void> = async () => {};
  private readonly clock: Clock;
  private readonly url: () => string;

  constructor(clock: Clock, url: () => string) {
    this.clock = clock;
    this.url = url;
  }

  get stored(): StubSegment[] {
    return this.segments.filter((segment) => segment.state === 'stored');
  }

  access(): Json {
    return { baseUrl: `${this.url()}/vr/v1`, token: this.token, tokenExpiresAt: this.clock.now() + 3_600_000 };
  }

  answer(request: StubRequest): StubAnswer {
    const what = nameOf(request);
    const override = this.onRequest(what, request);
    if (override !== undefined) return override;
    if (what === 'picture') {
      this.pictures.push(request.bytes);
      return { status: 200 };
    }
    if (what === 'put') return this.put(request);
    if (request.bearer !== this.token) return { status: 401, body: { error: wireError(1001, 'UNAUTHORIZED') } };
    const body: Json = request.bytes.length === 0 ? {} : JSON.parse(request.bytes.toString('utf8'));
    switch (what) {
      case 'create':
        return this.create(body);
      case 'confirm':
        return this.confirm(this.segmentIn(request.path), body);
      case 'cancel':
        return this.cancel(this.segmentIn(request.path), body);
      case 'info':
        this.infoRequests += 1;
        return {
          status: 200,
          body: { serverTime: this.clock.now(), serverId: 'stub', plan: this.plan, limits: this.limits, storageHosts: [], minTls: '1.2' },
        };
      case 'statistics':
        this.statistics.push(body);
        return { status: 202 };
      default:
        return { status: 404 };
    }
  }

  private create(body: Json): StubAnswer {
    const known = this.segments.find((segment) => segment.create.clientSegmentId === body.clientSegmentId);
    const segment = known ?? {
      segmentId: `01KDVBW3T4D1F3H5K7N9Q${String(10_000 + this.segments.length)}`,
      create: body,
      state: 'created' as const,
      puts: 0,
    };
    if (known === undefined) this.segments.push(segment);
    const { segmentId } = segment;
    const upload = {
      ticketId: segmentId,
      method: 'PUT',
      url: `${this.url()}/objects/${segmentId}?sig=x`,
      headers: { 'content-type': 'video/mp4' },
      expiresAt: this.clock.now() + 900_000,
    };
    return {
      status: known === undefined ? 201 : 200,
      body: { segmentId, state: 'created', objectKey: 'k', upload, confirmBefore: this.clock.now() + 86_400_000 },
    };
  }

  private put({ path, headers, bytes }: StubRequest): StubAnswer {
    const segment = this.segmentIn(path);
    if (Number(headers['content-length']) !== bytes.length) return { status: 400 };
    segment.puts += 1;
    segment.bytes = bytes;
    return { status: 200, headers: { etag: '"e"' } };
  }

  private confirm(segment: StubSegment, body: Json): StubAnswer {
    const { bytes } = segment;
    if (bytes === undefined) return { status: 409, body: { error: wireError(1803, 'OBJECT_MISSING') } };
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    if (body.sizeBytes !== bytes.length || body.sha256 !== sha256)
      return { status: 409, body: { error: wireError(1804, 'OBJECT_MISMATCH') } };
    segment.state = 'stored';
    segment.confirm = body;
    return { status: 200, body: { segmentId: segment.segmentId, state: 'stored', storedAt: this.clock.now() } };
  }

  private cancel(segment: StubSegment, body: Json): StubAnswer {
    segment.state = 'cancelled';
    segment.cancelReason = body.reason;
    return { status: 200, body: { state: 'cancelled' } };
  }

  private segmentIn(path: string): StubSegment {
    const found = this.segments.find(({ segmentId }) => path.includes(segmentId));
    if (found === undefined) throw new Error(`no segment for ${path}`);
    return found;
  }
}

function nameOf({ method, path }: StubRequest): string {
  if (method === 'PUT') return path.startsWith('/pictures/') ? 'picture' : 'put';
  if (path.endsWith('/confirm')) return 'confirm';
  if (path.endsWith('/cancel')) return 'cancel';
  if (path.endsWith('/server-info')) return 'info';
  if (path.endsWith('/statistics')) return 'statistics';
  return path.endsWith('/segments') ? 'create' : 'unknown';
}
