import { Type } from 'typebox';
import { defineHttp } from '../message.ts';
import { described } from '../model/described.ts';
import { Instant } from '../model/instant.ts';
import { paths } from '../profile.ts';
import { vrLimits, vrTimers } from '../timers.ts';

/** I.3.4: plan and limits of the video service. Asked at boot, after NO_STORAGE_PLAN, and each 6 h. */
export const getVideoServerInformation = defineHttp({
  name: 'vr.getServerInfo',
  method: 'GET',
  path: `${paths.vr}/server-info`,
  description: 'Reads the storage plan and the limits of the video service. While the device is unbound the plan is not active.',
  timeoutMs: vrTimers.requestTimeoutMs,
  provenance: { clause: '9.3.4.2', item: 'I.3.4', status: 'title-only' },
  body: Type.Undefined(),
  result: Type.Object({
    serverTime: described(Instant, 'clock of the platform'),
    serverId: Type.String({ maxLength: 128, description: 'which server answers' }),
    plan: Type.Object(
      {
        active: Type.Boolean({ description: 'video segments are taken' }),
        kind: Type.Enum(['none', 'event', 'continuous'] as const, { description: 'what is taken' }),
        retainDays: Type.Number({ minimum: 0, description: 'days a video segment is kept' }),
        expiresAt: Type.Optional(described(Instant, 'end of the plan')),
      },
      { description: 'storage plan of the home' },
    ),
    limits: Type.Object(
      {
        maxSegmentBytes: Type.Integer({ minimum: 1, description: 'largest video segment' }),
        targetSegmentSec: Type.Number({
          minimum: vrTimers.minSegmentSec,
          maximum: vrTimers.maxSegmentSec,
          description: 'length to cut at',
        }),
        maxConcurrentUploads: Type.Integer({ minimum: 1, description: 'uploads at the same time' }),
        maxBacklogSec: Type.Number({ minimum: 0, description: 'older continuous recordings are not wanted' }),
        maxUploadKbps: Type.Optional(Type.Number({ minimum: 1, description: 'highest upload rate' })),
      },
      { description: 'limits' },
    ),
    storageHosts: Type.Array(Type.String({ maxLength: 255 }), { maxItems: 32, description: 'hosts upload tickets may name' }),
    minTls: Type.Literal('1.2', { description: 'oldest TLS version taken' }),
  }),
  success: 200,
  errors: ['UNAUTHORIZED', 'RATE_LIMITED'],
  examples: [
    {
      title: 'a home that records continuously',
      body: undefined,
      result: {
        serverTime: 1_767_225_605_000,
        serverId: 'video-1',
        plan: { active: true, kind: 'continuous', retainDays: 30 },
        limits: {
          maxSegmentBytes: vrLimits.maxSegmentBytes,
          targetSegmentSec: vrTimers.targetSegmentSec,
          maxConcurrentUploads: vrLimits.maxConcurrentUploads,
          maxBacklogSec: vrTimers.maxBacklogDefaultSec,
        },
        storageHosts: ['home.example'],
        minTls: '1.2',
      },
    },
  ],
});
