import { type Static, Type } from 'typebox';
import { defineRpc } from '../message.ts';
import { Channel } from '../model/channel.ts';
import { PresetId, PresetName, PtzAction, PtzAxis, PtzPosition, PtzState, PtzVector, PtzVelocity } from '../model/ptz.ts';
import { ptzLimits, queueMs } from '../timers.ts';

const Cruise = Type.Object(
  {
    mode: Type.Enum(['presets', 'panorama'] as const, { description: 'from preset to preset, or all round' }),
    presetIds: Type.Optional(Type.Array(PresetId, { maxItems: 255, description: 'presets in order' })),
    dwellSec: Type.Optional(Type.Number({ minimum: 1, maximum: 3_600, description: 'stay at each' })),
  },
  { description: 'a tour, for cruiseStart' },
);

const Params = Type.Object({
  channel: Channel,
  action: PtzAction,
  velocity: Type.Optional(PtzVelocity),
  delta: Type.Optional(PtzVector),
  position: Type.Optional(PtzVector),
  unit: Type.Optional(
    Type.Enum(['normalized', 'deg'] as const, {
      default: 'normalized',
      description: 'of delta and position; pan and tilt -1..1, or degrees',
    }),
  ),
  speed: Type.Optional(Type.Number({ minimum: 0, maximum: 1, description: 'of relative, absolute and preset moves, 1 is the fastest' })),
  timeoutMs: Type.Optional(
    Type.Number({
      minimum: ptzLimits.moveMinMs,
      maximum: ptzLimits.moveMaxMs,
      default: ptzLimits.moveDefaultMs,
      description: 'a continuous move ends after',
    }),
  ),
  presetId: Type.Optional(PresetId),
  name: Type.Optional(PresetName),
  cruise: Type.Optional(Cruise),
  enabled: Type.Optional(Type.Boolean({ description: 'for track: follow what moves, or stop following' })),
});
type Params = Static<typeof Params>;

const moves: ReadonlySet<Params['action']> = new Set(['continuous', 'relative', 'absolute', 'stop', 'gotoPreset', 'gotoHome']);
const standing = { pan: 0, tilt: 0, zoom: 0 };

/**
 * A move replaces the running one, so of two only the newer matters; but a continuous move leaves the axes alone that it
 * does not name.
 */
function newestMove(waiting: Params, newer: Params): Params | undefined {
  if (waiting.channel !== newer.channel || !moves.has(waiting.action) || !moves.has(newer.action)) return undefined;
  if (newer.action !== 'continuous') return newer;
  if (waiting.action === 'continuous') return { ...newer, velocity: { ...waiting.velocity, ...newer.velocity } };
  return { ...newer, velocity: { ...standing, ...newer.velocity } };
}

/** I.2.17: moves the head. The answer means accepted; a continuous move ends by itself, so a lost stop never leaves it turning. */
export const ptzControl = defineRpc({
  method: 'ptz.control',
  sender: 'platform',
  description:
    'Moves the head, or works with presets and tours. The answer comes when the move is accepted; a new move replaces the running one; a continuous move ends after timeoutMs. LIMIT_REACHED only when no motion at all is possible.',
  timeoutMs: ptzLimits.controlTimeoutMs,
  delivery: 'awake',
  queueMs: queueMs.other,
  capability: 'ptz',
  coalesce: newestMove,
  provenance: { clause: '9.3.2.2', item: 'I.2.17', status: 'title-only' },
  params: Params,
  rules: [
    { path: '/velocity', message: 'is required by continuous', holds: (p) => p.action !== 'continuous' || p.velocity !== undefined },
    { path: '/delta', message: 'is required by relative', holds: (p) => p.action !== 'relative' || p.delta !== undefined },
    { path: '/position', message: 'is required by absolute', holds: (p) => p.action !== 'absolute' || p.position !== undefined },
    {
      path: '/presetId',
      message: 'is required by gotoPreset and removePreset',
      holds: (p) => !(p.action === 'gotoPreset' || p.action === 'removePreset') || p.presetId !== undefined,
    },
  ],
  result: Type.Object({
    state: PtzState,
    position: Type.Optional(PtzPosition),
    presetId: Type.Optional(PresetId),
    limit: Type.Optional(Type.Array(PtzAxis, { maxItems: 3, description: 'axes that are at their end' })),
  }),
  errors: [
    'NOT_SUPPORTED',
    'CHANNEL_NOT_FOUND',
    'LIMIT_REACHED',
    'PRESET_NOT_FOUND',
    'PRESET_FULL',
    'PRESET_EXISTS',
    'PTZ_MOVING',
    'CALIBRATING',
    'POSITION_OUT_OF_RANGE',
    'PRIVACY_MODE',
  ],
  examples: [
    {
      title: 'turn left for half a second',
      params: { channel: 1, action: 'continuous', velocity: { pan: -0.5 }, timeoutMs: 500 },
      result: { state: 'moving' },
    },
    {
      title: 'keep this view as preset 3',
      params: { channel: 1, action: 'setPreset', presetId: 3, name: 'Gate' },
      result: { state: 'idle', position: { pan: 0.4, tilt: -0.2, zoom: 0.1 }, presetId: 3 },
    },
  ],
});
