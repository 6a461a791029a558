import { Type } from 'typebox';
import { defineHttp } from '../message.ts';
import { AccessToken } from '../model/access-token.ts';
import { described } from '../model/described.ts';
import { DeviceId } from '../model/device-id.ts';
import { Instant } from '../model/instant.ts';
import { NetworkType, SignalDbm } from '../model/network-state.ts';
import { Ulid } from '../model/ulid.ts';
import { VrAccess } from '../model/vr-access.ts';
import { WakeService } from '../model/wake-service.ts';
import { WebAddress } from '../model/web-address.ts';
import { PROFILE, paths, subprotocols } from '../profile.ts';
import { vdTimers, vsTimers } from '../timers.ts';

const label = (description: string) => Type.String({ maxLength: 128, description });

const ScheduleRequest = Type.Object({
  requestId: described(Ulid, 'same in a repetition of the request; with other content DUPLICATE'),
  deviceId: DeviceId,
  productId: label('product of the maker'),
  vendor: label('maker'),
  model: label('model'),
  serial: label('serial number'),
  hardware: Type.Optional(label('hardware revision')),
  firmware: label('running version'),
  profiles: Type.Array(Type.String({ maxLength: 64 }), { minItems: 1, maxItems: 16, description: 'wire profiles the device speaks' }),
  reason: Type.Enum(['boot', 'reconnect', 'reschedule', 'expired', 'wake', 'pairing'] as const, { description: 'why it asks' }),
  previousScheduleId: Type.Optional(described(Ulid, 'the schedule it had; required with reason reschedule')),
  excludeServers: Type.Optional(Type.Array(Type.String({ maxLength: 2048 }), { maxItems: 32, description: 'servers it could not use' })),
  network: Type.Optional(
    Type.Object(
      {
        type: NetworkType,
        localIp: Type.Optional(Type.String({ maxLength: 64, description: 'address in the local network' })),
        rssiDbm: Type.Optional(SignalDbm),
        carrier: Type.Optional(label('mobile network')),
      },
      { description: 'network' },
    ),
  ),
  channels: Type.Optional(Type.Integer({ minimum: 0, maximum: 256, description: 'number of channels' })),
  lowPower: Type.Optional(Type.Boolean({ description: 'the device sleeps' })),
  want: Type.Optional(
    Type.Array(Type.Enum(['vd', 'vm', 'vr', 'wake'] as const), { maxItems: 8, description: 'services wanted; absent: all' }),
  ),
});

const VdAccess = Type.Object(
  {
    urls: Type.Array(WebAddress, { minItems: 1, maxItems: 16, description: 'access servers, best first; the device appends its id' }),
    subprotocol: Type.Literal(subprotocols.vd, { description: 'WebSocket subprotocol' }),
    token: AccessToken,
    tokenExpiresAt: described(Instant, 'last moment to open a connection with the token'),
    keepAliveSec: Type.Integer({
      minimum: vdTimers.keepAliveMinSec,
      maximum: vdTimers.keepAliveMaxSec,
      description: 'time between two keep-alives',
    }),
    keepAliveMissed: Type.Integer({
      minimum: 1,
      maximum: 100,
      description: 'intervals without a frame until the device counts as offline',
    }),
  },
  { description: 'device management' },
);

const ScheduleResponse = Type.Object({
  scheduleId: Ulid,
  serverTime: described(Instant, 'clock of the platform'),
  ttlSec: Type.Integer({
    minimum: vsTimers.ttlMinSec,
    maximum: vsTimers.ttlMaxSec,
    default: vsTimers.ttlDefaultSec,
    description: 'schedule anew after this time',
  }),
  redirect: Type.Optional(
    Type.Object(
      {
        vsUrl: described(WebAddress, 'ask here instead, ends in /vs/v1'),
        permanent: Type.Boolean({ description: 'remember it once it worked' }),
      },
      { description: 'when present, nothing else here is valid; at most 3 in a row' },
    ),
  ),
  vd: Type.Optional(VdAccess),
  vr: Type.Optional(VrAccess),
  vm: Type.Optional(
    Type.Object(
      { urls: Type.Array(WebAddress, { maxItems: 16, description: 'media servers' }) },
      { description: 'a hint; live.push carries the target' },
    ),
  ),
  wake: Type.Optional(WakeService),
  ntp: Type.Optional(Type.Array(Type.String({ maxLength: 253 }), { maxItems: 8, description: 'time servers' })),
  retry: Type.Object(
    {
      baseMs: Type.Number({ minimum: 1, maximum: 3_600_000, description: 'first back-off' }),
      maxMs: Type.Number({ minimum: 1, maximum: 86_400_000, description: 'longest back-off' }),
    },
    { description: 'back-off of re-connection' },
  ),
  bound: Type.Optional(Type.Boolean({ description: 'the device belongs to a home; an unbound one gets vd only' })),
});

/** I.1: which servers a device uses. Also the way to re-schedule (9.3.1.2) and to come back after a loss (9.3.1.3). */
export const schedule = defineHttp({
  name: 'vs.schedule',
  method: 'POST',
  path: `${paths.vs}/schedule`,
  description:
    'Asks which servers to use. The bearer is a token the device signs with its own key: EdDSA, public key as jwk in the header, aud vs, at most 300 s old, used once. Idempotent by requestId; a repetition carries a new bearer.',
  timeoutMs: vsTimers.requestTimeoutMs,
  provenance: { clause: '9.3.1.1', item: 'I.1', status: 'title-only' },
  body: ScheduleRequest,
  rules: [
    {
      path: '/previousScheduleId',
      message: 'is required with reason reschedule',
      holds: (request) => request.reason !== 'reschedule' || request.previousScheduleId !== undefined,
    },
  ],
  result: ScheduleResponse,
  success: 200,
  errors: [
    'INVALID_PARAMS',
    'AUTH_INVALID',
    'CLOCK_SKEW',
    'DEVICE_DISABLED',
    'UNKNOWN_DEVICE',
    'VERSION_UNSUPPORTED',
    'DUPLICATE',
    'RATE_LIMITED',
    'NO_CAPACITY',
  ],
  examples: [
    {
      title: 'a bound camera after power-up',
      body: {
        requestId: '01KDVAEZ8T4W6Y8B0D1F3H5K7N',
        deviceId: '7h3kq0v9xw2m5n8d1c4t6r0yzb',
        productId: 'porch',
        vendor: 'Example',
        model: 'Porch 4',
        serial: 'P4-000173',
        firmware: '1.4.0',
        profiles: [PROFILE],
        reason: 'boot',
        network: { type: 'wifi', localIp: '192.168.1.40', rssiDbm: -61 },
        channels: 1,
        lowPower: false,
      },
      result: {
        scheduleId: '01KDVAF02W6Y8B0D1F3H5K7N9Q',
        serverTime: 1_767_225_599_100,
        ttlSec: 86_400,
        vd: {
          urls: ['wss://home.example/vd/v1'],
          subprotocol: subprotocols.vd,
          token: 'eyJhbGciOiJFZERTQSJ9.e30.c2ln',
          tokenExpiresAt: 1_767_226_199_100,
          keepAliveSec: 30,
          keepAliveMissed: 3,
        },
        vr: { baseUrl: 'https://home.example/vr/v1', token: 'eyJhbGciOiJFZERTQSJ9.e30.c2ln', tokenExpiresAt: 1_767_229_199_100 },
        retry: { baseMs: 2_000, maxMs: 30_000 },
        bound: true,
      },
    },
    {
      title: 'sent on to another region',
      body: {
        requestId: '01KDVAEZ8T9Q2T4W6Y8B0D1F3H',
        deviceId: '7h3kq0v9xw2m5n8d1c4t6r0yzb',
        productId: 'porch',
        vendor: 'Example',
        model: 'Porch 4',
        serial: 'P4-000173',
        firmware: '1.4.0',
        profiles: [PROFILE],
        reason: 'reschedule',
        previousScheduleId: '01KDVAF02W6Y8B0D1F3H5K7N9Q',
        excludeServers: ['wss://home.example/vd/v1'],
      },
      result: {
        scheduleId: '01KDVAF02WD1F3H5K7N9Q2T4W6',
        serverTime: 1_767_225_599_100,
        ttlSec: 600,
        redirect: { vsUrl: 'https://eu.example/vs/v1', permanent: true },
        retry: { baseMs: 2_000, maxMs: 30_000 },
      },
    },
  ],
});
