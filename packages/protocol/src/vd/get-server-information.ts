import { Type } from 'typebox';
import { defineRpc } from '../message.ts';
import { described } from '../model/described.ts';
import { Instant } from '../model/instant.ts';
import { VrAccess } from '../model/vr-access.ts';
import { WakeService } from '../model/wake-service.ts';
import { WebAddress } from '../model/web-address.ts';

const addresses = (description: string) => Type.Optional(Type.Array(WebAddress, { maxItems: 16, description }));

/** I.2.2: addresses, tokens and limits of the platform without scheduling anew. */
export const getServerInformation = defineRpc({
  method: 'server.getInfo',
  sender: 'device',
  description: 'Asks for the addresses and limits of the platform and for a fresh token of the video service, without scheduling anew.',
  delivery: 'online',
  unbound: true,
  provenance: { clause: '9.3.2.2', item: 'I.2.2', status: 'title-only' },
  params: Type.Object({
    services: Type.Optional(
      Type.Array(Type.Enum(['vd', 'vm', 'vr', 'ntp', 'wake', 'log', 'upgrade'] as const), {
        maxItems: 16,
        description: 'only these; absent asks for all',
      }),
    ),
  }),
  result: Type.Object({
    serverId: Type.String({ maxLength: 128, description: 'which server answers' }),
    serverTime: described(Instant, 'clock of the platform'),
    region: Type.Optional(Type.String({ maxLength: 64, description: 'region of the server' })),
    version: Type.String({ maxLength: 64, description: 'version of the platform' }),
    services: Type.Object(
      {
        vd: addresses('device management'),
        vm: addresses('media broadcasting; a hint, live.push carries the real target'),
        vr: Type.Optional(VrAccess),
        ntp: Type.Optional(Type.Array(Type.String({ maxLength: 253 }), { maxItems: 8, description: 'time servers' })),
        wake: Type.Optional(WakeService),
        log: Type.Optional(described(WebAddress, 'log uploads')),
      },
      { description: 'addresses; vr is absent while the device is unbound' },
    ),
    limits: Type.Object(
      {
        maxMessageBytes: Type.Integer({ minimum: 1_024, description: 'largest message taken' }),
        maxSegmentBytes: Type.Integer({ minimum: 1, description: 'largest video segment taken' }),
        eventsPerMin: Type.Integer({ minimum: 1, description: 'events taken in a minute; above it RATE_LIMITED, send again later' }),
      },
      { description: 'limits of the platform' },
    ),
    features: Type.Array(Type.String({ maxLength: 64 }), { maxItems: 64, description: 'optional parts of the profile it offers' }),
  }),
  errors: ['UNAUTHORIZED'],
  examples: [
    {
      title: 'a fresh token of the video service',
      params: { services: ['vr'] },
      result: {
        serverId: 'access-1',
        serverTime: 1_767_225_900_000,
        version: '0.1.0',
        services: {
          vr: { baseUrl: 'https://home.example/vr/v1', token: 'eyJhbGciOiJFZERTQSJ9.e30.c2ln', tokenExpiresAt: 1_767_229_500_000 },
        },
        limits: { maxMessageBytes: 65_536, maxSegmentBytes: 52_428_800, eventsPerMin: 120 },
        features: ['record.list', 'record.sync'],
      },
    },
  ],
});
