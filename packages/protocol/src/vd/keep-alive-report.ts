import { Type } from 'typebox';
import { defineRpc } from '../message.ts';
import { AccessToken } from '../model/access-token.ts';
import { described } from '../model/described.ts';
import { DiskState } from '../model/disk-state.ts';
import { Instant } from '../model/instant.ts';
import { SignalDbm } from '../model/network-state.ts';
import { Ulid } from '../model/ulid.ts';
import { vdTimers } from '../timers.ts';

/** What a device says of itself when it comes up or when something of it changed. */
const DeviceInfo = Type.Object(
  {
    firmware: Type.String({ minLength: 1, maxLength: 128, description: 'running version' }),
    hardware: Type.Optional(Type.String({ maxLength: 128, description: 'hardware revision' })),
    model: Type.String({ maxLength: 128, description: 'model' }),
    channels: Type.Integer({ minimum: 0, maximum: 256, description: 'number of channels' }),
    capHash: Type.String({ minLength: 1, maxLength: 128, description: '`hash` of the capability set' }),
    configVersion: Type.Integer({ minimum: 0, description: 'version of the configuration' }),
    bootReason: Type.Enum(['powerUp', 'reboot', 'upgrade', 'watchdog', 'wake', 'reset', 'unknown'] as const, {
      description: 'why it started',
    }),
    bootId: described(Ulid, 'new at every start'),
    lastUpgradeTaskId: Type.Optional(described(Ulid, 'the upgrade that led to this start')),
  },
  { description: 'mandatory when seq is 0 and when anything in it changed' },
);

/** What a report may say of the device besides that it is there. */
export const KeepAliveStatus = Type.Object(
  {
    batteryPct: Type.Optional(Type.Number({ minimum: 0, maximum: 100, description: 'charge left' })),
    rssiDbm: Type.Optional(SignalDbm),
    liveSessions: Type.Optional(Type.Integer({ minimum: 0, description: 'running live pushes' })),
    disk: Type.Optional(DiskState),
  },
  { description: 'state in brief' },
);

/** I.2.1: the first message on a connection and then the proof, at each interval, that it still works. */
export const keepAliveReport = defineRpc({
  method: 'device.keepAlive',
  sender: 'device',
  description:
    'Says that the device is there. Sent within 5 s of opening the connection with seq 0, then every keepAliveSec with 10 % jitter; the platform counts a device as online from the first one.',
  delivery: 'online',
  unbound: true,
  provenance: { clause: '9.3.2.2', item: 'I.2.1', status: 'title-only' },
  params: Type.Object({
    seq: Type.Integer({ minimum: 0, description: 'counts the reports of this connection, from 0' }),
    sentAt: Type.Optional(described(Instant, 'clock of the device')),
    uptimeSec: Type.Number({ minimum: 0, description: 'time since the start of the device' }),
    info: Type.Optional(DeviceInfo),
    status: Type.Optional(KeepAliveStatus),
  }),
  rules: [{ path: '/info', message: 'is required when seq is 0', holds: ({ seq, info }) => seq !== 0 || info !== undefined }],
  result: Type.Object({
    serverTime: described(Instant, 'clock of the platform'),
    keepAliveSec: Type.Optional(
      Type.Integer({ minimum: vdTimers.keepAliveMinSec, maximum: vdTimers.keepAliveMaxSec, description: 'new interval from now on' }),
    ),
    token: Type.Optional(
      Type.Object({ value: AccessToken, expiresAt: Instant }, { description: 'replaces the token of the connection, e.g. after binding' }),
    ),
  }),
  errors: ['UNAUTHORIZED'],
  examples: [
    {
      title: 'first report after power-up',
      params: {
        seq: 0,
        sentAt: 1_767_225_600_000,
        uptimeSec: 14,
        info: {
          firmware: '1.4.0',
          hardware: 'C2',
          model: 'Porch 4',
          channels: 1,
          capHash: '9f1c52d0a6b4',
          configVersion: 12,
          bootReason: 'powerUp',
          bootId: '01KDVAF400H3S7TVJ0D4G8QX5N',
        },
      },
      result: { serverTime: 1_767_225_600_084, keepAliveSec: 30 },
    },
    {
      title: 'later report with the state in brief',
      params: { seq: 21, uptimeSec: 644, status: { rssiDbm: -61, liveSessions: 1, disk: 'normal' } },
      result: { serverTime: 1_767_226_230_112 },
    },
  ],
});
