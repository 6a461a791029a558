import { Type } from 'typebox';
import { defineRpc } from '../message.ts';
import { BatteryState } from '../model/battery-state.ts';
import { Channel } from '../model/channel.ts';
import { described } from '../model/described.ts';
import { DiskId, DiskState } from '../model/disk-state.ts';
import { FwState } from '../model/fw-state.ts';
import { NetworkType, SignalDbm } from '../model/network-state.ts';
import { PlayState } from '../model/play-state.ts';
import { PtzPosition, PtzState } from '../model/ptz.ts';
import { RecordActivity } from '../model/record-mode.ts';
import { StreamName } from '../model/stream-name.ts';
import { Ulid } from '../model/ulid.ts';

const NetworkStatus = Type.Object(
  {
    type: NetworkType,
    ip: Type.Optional(Type.String({ maxLength: 64, description: 'local address' })),
    mac: Type.Optional(Type.String({ maxLength: 32, description: 'hardware address' })),
    ssid: Type.Optional(Type.String({ maxLength: 64, description: 'name of the wireless network' })),
    rssiDbm: Type.Optional(SignalDbm),
    upKbps: Type.Optional(Type.Number({ minimum: 0, description: 'measured rate towards the platform' })),
    rttMs: Type.Optional(Type.Number({ minimum: 0, description: 'time to the platform and back' })),
  },
  { description: 'network' },
);

const LiveStatus = Type.Object({
  sessionId: Ulid,
  stream: StreamName,
  state: Type.Enum(['connecting', 'publishing', 'error'] as const, { description: 'state of the push' }),
  kbps: Type.Optional(Type.Number({ minimum: 0, description: 'present bit rate, kbit/s' })),
});

const ChannelStatus = Type.Object({
  channel: Channel,
  online: Type.Boolean({ description: 'the camera of this channel works' }),
  live: Type.Array(LiveStatus, { maxItems: 64, description: 'running live pushes' }),
  recording: Type.Object(
    { local: RecordActivity, cloud: RecordActivity, active: Type.Boolean({ description: 'something is being recorded' }) },
    { description: 'recording' },
  ),
  privacy: Type.Boolean({ description: 'privacy mode is on' }),
  ptz: Type.Optional(Type.Object({ state: PtzState, position: Type.Optional(PtzPosition) }, { description: 'the head' })),
});

/** I.2.11: everything about the state of a device that is not configuration. */
export const queryDeviceStatus = defineRpc({
  method: 'device.getStatus',
  sender: 'platform',
  description: 'Reads the present state of the device: load, network, power, disks, channels, sessions, upgrade.',
  delivery: 'online',
  provenance: { clause: '9.3.2.2', item: 'I.2.11', status: 'title-only' },
  params: Type.Object({
    sections: Type.Optional(
      Type.Array(Type.Enum(['system', 'network', 'power', 'storage', 'channels', 'sessions', 'firmware'] as const), {
        maxItems: 16,
        description: 'parts the caller wants; others may be shortened',
      }),
    ),
  }),
  result: Type.Object({
    uptimeSec: Type.Number({ minimum: 0, description: 'time since the start' }),
    bootId: described(Ulid, 'new at every start'),
    firmware: Type.String({ maxLength: 128, description: 'running version' }),
    cpuPct: Type.Optional(Type.Number({ minimum: 0, maximum: 100, description: 'processor load' })),
    memPct: Type.Optional(Type.Number({ minimum: 0, maximum: 100, description: 'memory in use' })),
    temperatureC: Type.Optional(Type.Number({ minimum: -100, maximum: 200, description: 'temperature, degrees Celsius' })),
    network: NetworkStatus,
    power: BatteryState,
    disks: Type.Array(
      Type.Object({ diskId: DiskId, state: DiskState, freeBytes: Type.Integer({ minimum: 0, description: 'room left' }) }),
      { maxItems: 64, description: 'disks' },
    ),
    channels: Type.Array(ChannelStatus, { maxItems: 256, description: 'channels' }),
    playback: Type.Array(Type.Object({ sessionId: Ulid, state: PlayState }), { maxItems: 64, description: 'running playbacks' }),
    upgrade: FwState,
    timeSynchronized: Type.Boolean({ description: 'the clock was set since the start' }),
  }),
  errors: [],
  examples: [
    {
      title: 'a camera with one viewer',
      params: {},
      result: {
        uptimeSec: 86_412,
        bootId: '01KDVAF400H3S7TVJ0D4G8QX5N',
        firmware: '1.4.0',
        cpuPct: 37,
        memPct: 52,
        network: { type: 'wifi', ip: '192.168.1.40', ssid: 'Home', rssiDbm: -61, rttMs: 18 },
        power: { present: false, source: 'mains' },
        disks: [{ diskId: 1, state: 'normal', freeBytes: 51_539_607_552 }],
        channels: [
          {
            channel: 1,
            online: true,
            live: [{ sessionId: '01KDVAPJ7C5T9N3W1QX8Z6D0SG', stream: 'main', state: 'publishing', kbps: 2_410 }],
            recording: { local: 'continuous', cloud: 'event', active: true },
            privacy: false,
            ptz: { state: 'idle', position: { pan: 0.25, tilt: -0.1, zoom: 0 } },
          },
        ],
        playback: [],
        upgrade: 'idle',
        timeSynchronized: true,
      },
    },
  ],
});
