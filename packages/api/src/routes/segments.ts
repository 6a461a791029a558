import { Channel, DeviceId, described, Instant, reportStatistics, StreamName } from '@cardea/protocol';
import { Type } from 'typebox';
import { pageOf, paging } from '../model/page.ts';
import { Segment, SegmentId } from '../model/segment.ts';
import { Timeline } from '../model/timeline.ts';
import { VodRequest, VodSession } from '../model/vod.ts';
import { defineRoute } from '../route.ts';

const params = Type.Object({ id: SegmentId });

export const segmentRoutes = [
  defineRoute('uploadStatistics.list', {
    summary: 'How well a camera stored its recordings, as it reports every ten minutes, newest first',
    access: { kind: 'device', action: 'manage' },
    params: Type.Object({ id: DeviceId }),
    query: Type.Object({ limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, description: 'reports, 50 by default' })) }),
    success: 200,
    answer: Type.Object({ items: Type.Array(reportStatistics.body) }),
  }),
  defineRoute('timeline.get', {
    summary: 'What was recorded of a channel, and why not the rest',
    access: { kind: 'device', action: 'view.recordings' },
    params: Type.Object({ id: DeviceId }),
    query: Type.Object({
      from: Type.Optional(described(Instant, 'a day before `to` when absent')),
      to: Type.Optional(described(Instant, 'now when absent')),
      channel: Type.Optional(described(Channel, '1 when absent')),
      cursor: paging.cursor,
    }),
    success: 200,
    answer: Timeline,
  }),
  defineRoute('vod.create', {
    summary: 'Addresses at which any player plays a range of stored video',
    access: { kind: 'device', action: 'view.recordings' },
    params: Type.Object({ id: DeviceId }),
    body: VodRequest,
    success: 201,
    audited: true,
    answer: VodSession,
  }),
  defineRoute('case.export', {
    summary: 'What was recorded of a channel between two instants, as a case: the files and what proves them. At most a day',
    access: { kind: 'device', action: 'view.recordings' },
    params: Type.Object({ id: DeviceId }),
    query: Type.Object({
      from: Type.Optional(described(Instant, 'an hour before `to` when absent')),
      to: Type.Optional(described(Instant, 'now when absent')),
      channel: Type.Optional(described(Channel, '1 when absent')),
      stream: Type.Optional(described(StreamName, '`main` when absent')),
    }),
    success: 200,
    produces: 'application/x-tar',
  }),
  defineRoute('segment.list', {
    summary: 'Stored video of a device, oldest first',
    access: { kind: 'device', action: 'view.recordings' },
    params: Type.Object({ id: DeviceId }),
    query: Type.Object({ from: Type.Optional(Instant), to: Type.Optional(Instant), channel: Type.Optional(Channel), ...paging }),
    success: 200,
    answer: pageOf(Segment),
  }),
  defineRoute('segment.get', {
    summary: 'One video segment',
    access: { kind: 'segment', action: 'view.recordings' },
    params,
    success: 200,
    answer: Segment,
  }),
  defineRoute('segment.media', {
    summary: 'The bytes of a video segment; takes Range',
    access: { kind: 'segment', action: 'view.recordings' },
    params,
    success: 200,
    audited: true,
    produces: 'video/mp4',
  }),
  defineRoute('segment.update', {
    summary: 'Locks a video segment against deletion by age, or unlocks it',
    access: { kind: 'segment', action: 'control' },
    params,
    body: Type.Object({ locked: Type.Boolean() }),
    success: 200,
    audited: true,
    answer: Segment,
  }),
  defineRoute('segment.delete', {
    summary: 'Deletes a video segment and its bytes',
    access: { kind: 'segment', action: 'manage' },
    params,
    success: 204,
    audited: true,
  }),
] as const;
