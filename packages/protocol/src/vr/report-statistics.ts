import { Type } from 'typebox';
import { defineHttp } from '../message.ts';
import { described } from '../model/described.ts';
import { Instant } from '../model/instant.ts';
import { paths } from '../profile.ts';
import { vrTimers } from '../timers.ts';

const count = (description: string) => Type.Integer({ minimum: 0, description });
const latency = (description: string) => Type.Number({ minimum: 0, description: `${description}, in ms` });

/** I.3.5: how well storing works, seen from the device. Each 10 min and at a clean stop. */
export const reportStatistics = defineHttp({
  name: 'vr.reportStatistics',
  method: 'POST',
  path: `${paths.vr}/statistics`,
  description: 'Reports how well storing worked in a period: counts, latencies, backlog. Each 10 min and at a clean stop.',
  timeoutMs: vrTimers.requestTimeoutMs,
  provenance: { clause: '9.3.4.2', item: 'I.3.5', status: 'title-only' },
  body: Type.Object({
    periodStartAt: described(Instant, 'begin of the period'),
    periodEndAt: described(Instant, 'end of the period'),
    counters: Type.Object(
      {
        created: count('video segments announced'),
        uploaded: count('video segments uploaded'),
        confirmed: count('video segments stored'),
        cancelled: count('video segments cancelled'),
        failed: count('video segments given up'),
        droppedTooLate: count('video segments dropped for age'),
        retries: count('repeated uploads'),
        bytes: count('bytes uploaded'),
      },
      { description: 'counts in the period' },
    ),
    latencyMs: Type.Object(
      {
        createP50: latency('median of create'),
        createP95: latency('95th percentile of create'),
        putP50: latency('median of the upload'),
        putP95: latency('95th percentile of the upload'),
        confirmP95: latency('95th percentile of confirm'),
      },
      { description: 'latencies in the period' },
    ),
    backlog: Type.Object(
      {
        segments: count('video segments waiting'),
        oldestAt: Type.Optional(described(Instant, 'start of the oldest')),
        bytes: count('bytes waiting'),
      },
      { description: 'backlog at the end of the period' },
    ),
    errors: Type.Optional(
      Type.Array(
        Type.Object({
          name: Type.String({ maxLength: 64, description: 'name of the error table, or of the failure' }),
          httpStatus: Type.Optional(Type.Integer({ minimum: 100, maximum: 599, description: 'HTTP status' })),
          count: count('how often'),
        }),
        { maxItems: 64, description: 'errors in the period' },
      ),
    ),
    throughputKbps: Type.Optional(Type.Number({ minimum: 0, description: 'mean upload rate' })),
  }),
  result: Type.Undefined(),
  success: 202,
  errors: ['INVALID_PARAMS', 'UNAUTHORIZED', 'NOT_BOUND', 'RATE_LIMITED'],
  examples: [
    {
      title: 'a good ten minutes',
      body: {
        periodStartAt: 1_767_225_600_000,
        periodEndAt: 1_767_226_200_000,
        counters: {
          created: 60,
          uploaded: 60,
          confirmed: 59,
          cancelled: 0,
          failed: 0,
          droppedTooLate: 0,
          retries: 1,
          bytes: 188_743_680,
        },
        latencyMs: { createP50: 14, createP95: 41, putP50: 780, putP95: 1_410, confirmP95: 63 },
        backlog: { segments: 1, oldestAt: 1_767_226_190_000, bytes: 3_145_728 },
        errors: [{ name: 'UPLOAD_FAILED', httpStatus: 503, count: 1 }],
        throughputKbps: 2_516,
      },
      result: undefined,
    },
  ],
});
