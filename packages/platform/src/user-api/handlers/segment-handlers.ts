import type { RouteOf } from '@cardea/api';
import { parseByteRange } from '../../http/byte-range.ts';
import type { AuditJournal, CaseService, SegmentService, TimelineService, UploadStatisticsService, VodService } from '../ports.ts';
import type { RouteCall, RouteHandlers } from '../route-call.ts';

const DEFAULT_REPORTS = 50;

type SegmentRoute =
  | 'uploadStatistics.list'
  | 'timeline.get'
  | 'vod.create'
  | 'case.export'
  | 'segment.list'
  | 'segment.get'
  | 'segment.media'
  | 'segment.update'
  | 'segment.delete';

/** Recorded video. */
export function createSegmentHandlers({
  audit,
  cases,
  segments,
  timelines,
  uploadStatistics,
  vod,
}: {
  readonly audit: AuditJournal;
  readonly cases: CaseService;
  readonly segments: SegmentService;
  readonly timelines: TimelineService;
  readonly uploadStatistics: UploadStatisticsService;
  readonly vod: VodService;
}): Pick<RouteHandlers, SegmentRoute> {
  return {
    'uploadStatistics.list': async ({ proof, query }) => ({
      items: [...(await uploadStatistics.of(proof, query.limit ?? DEFAULT_REPORTS))],
    }),
    'timeline.get': async ({ proof, query }) => await timelines.timeline(proof, query),
    'vod.create': async ({ proof, body }) => await vod.open(proof, body),
    'case.export': async (call) => await sendCase({ audit, cases }, call),
    'segment.list': async ({ proof, query }) => {
      const { items, next } = await segments.segments(proof, query);
      return next === undefined ? { items: [...items] } : { items: [...items], next };
    },
    'segment.get': async ({ proof, params }) => await segments.segment(proof, params.id),
    'segment.media': async (call) => await sendMedia(segments, call),
    'segment.update': async ({ proof, params, body }) => await segments.setLocked(proof, params.id, body.locked),
    'segment.delete': async ({ proof, params }) => await segments.remove(proof, params.id),
  };
}

/** Which case somebody took away is written down with the digest of its manifest, so that it can be told from any other. */
async function sendCase(
  { audit, cases }: { readonly audit: AuditJournal; readonly cases: CaseService },
  { proof, query, visitor, request, reply }: RouteCall<RouteOf<'case.export'>>,
): Promise<void> {
  const { id, name } = visitor.user;
  const exported = await cases.export(proof, query, { id, name });
  const { segments, manifestSha256, archive } = exported;
  reply.type('application/x-tar').header('content-disposition', `attachment; filename="${exported.name}.tar"`);
  if (request.method === 'HEAD') {
    archive.destroy();
    return void reply.send();
  }
  const { homeId, deviceId } = proof;
  const detail = { ...query, segments, manifestSha256 };
  await audit.record({ action: 'case.export', userId: visitor.principal.userId, homeId, deviceId, detail });
  reply.send(archive);
}

/** A stored segment never changes, so its hash is its validator (RFC 9110 8.8.3, 13.1, 14). */
async function sendMedia(segments: SegmentService, { proof, params, request, reply }: RouteCall<RouteOf<'segment.media'>>): Promise<void> {
  const { sizeBytes, sha256 } = await segments.segment(proof, params.id);
  const etag = `"${sha256}"`;
  const { range: wanted, 'if-none-match': known, 'if-range': same } = request.headers;
  const headers = { etag, 'accept-ranges': 'bytes', 'content-disposition': `inline; filename="${params.id}.mp4"` };
  if (known === etag || known === '*') return void reply.status(304).headers(headers).send();
  const range = same === undefined || same === etag ? parseByteRange(wanted, sizeBytes) : undefined;
  if (range === 'unsatisfiable')
    return void reply
      .status(416)
      .headers({ ...headers, 'content-range': `bytes */${sizeBytes}` })
      .send();
  const bytes = request.method === 'HEAD' ? undefined : (await segments.readSegment(proof, params.id, range)).stream;
  reply.type('video/mp4').headers({ ...headers, 'content-length': range === undefined ? sizeBytes : range.end - range.start + 1 });
  if (range !== undefined) reply.status(206).header('content-range', `bytes ${range.start}-${range.end}/${sizeBytes}`);
  reply.send(bytes);
}
