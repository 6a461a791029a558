import { Type } from 'typebox';
import { defineRpc } from '../message.ts';
import { AccessToken } from '../model/access-token.ts';
import { described } from '../model/described.ts';
import { Instant } from '../model/instant.ts';
import { WebAddress } from '../model/web-address.ts';
import { rescheduleTimers } from '../timers.ts';

const VdTarget = Type.Object({
  vdUrls: Type.Array(WebAddress, { minItems: 1, maxItems: 16, description: 'access servers to use instead' }),
  token: AccessToken,
  tokenExpiresAt: Instant,
});

const VsTarget = Type.Object({ vsUrl: described(WebAddress, 'scheduling service to ask, ends in /vs/v1') });

/** I.2.6: moves the device to another access server without a gap: new connection first, then the old one is closed (C2). */
export const rescheduleDevice = defineRpc({
  method: 'device.reschedule',
  sender: 'platform',
  description:
    'Moves the device to another access server: it opens the new connection, waits for the answer to its first keep-alive, then closes the old one.',
  delivery: 'online',
  platformFills: ['target'],
  provenance: { clause: '9.3.1.2', item: 'I.2.6', status: 'title-only' },
  params: Type.Object({
    reason: Type.Enum(['maintenance', 'loadBalance', 'region', 'account', 'operator'] as const, { description: 'why' }),
    mode: Type.Enum(['graceful', 'immediate'] as const, { description: 'immediate ignores the jitter' }),
    deadlineSec: Type.Optional(
      Type.Number({
        minimum: rescheduleTimers.deadlineMinSec,
        maximum: rescheduleTimers.deadlineMaxSec,
        default: rescheduleTimers.deadlineDefaultSec,
        description: 'after this the server may close the old connection',
      }),
    ),
    jitterSec: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 3_600,
        default: rescheduleTimers.jitterDefaultSec,
        description: 'the switch is spread over this time',
      }),
    ),
    keepMedia: Type.Optional(Type.Boolean({ default: true, description: 'live pushes go on' })),
    target: Type.Optional(Type.Union([VdTarget, VsTarget], { description: 'where to go; absent: ask the scheduling service' })),
  }),
  result: Type.Object({
    accepted: Type.Boolean({ description: 'it will move' }),
    switchAt: described(Instant, 'when it opens the new connection'),
  }),
  errors: ['UPGRADING', 'INVALID_STATE'],
  examples: [
    {
      title: 'the server is about to be stopped',
      params: {
        reason: 'maintenance',
        mode: 'graceful',
        deadlineSec: 60,
        jitterSec: 30,
        target: {
          vdUrls: ['wss://access-2.example/vd/v1'],
          token: 'eyJhbGciOiJFZERTQSJ9.e30.c2ln',
          tokenExpiresAt: 1_767_226_200_000,
        },
      },
      result: { accepted: true, switchAt: 1_767_225_617_300 },
    },
    {
      title: 'another region takes over',
      params: { reason: 'region', mode: 'immediate', deadlineSec: 10, target: { vsUrl: 'https://eu.example/vs/v1' } },
      result: { accepted: true, switchAt: 1_767_225_600_000 },
    },
  ],
});
