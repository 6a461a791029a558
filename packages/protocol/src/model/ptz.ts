import { type Static, Type } from 'typebox';

export const PtzAction = Type.Enum(
  [
    'continuous',
    'relative',
    'absolute',
    'stop',
    'gotoPreset',
    'setPreset',
    'removePreset',
    'gotoHome',
    'setHome',
    'calibrate',
    'cruiseStart',
    'cruiseStop',
    'track',
  ] as const,
  { description: 'what the head does' },
);
export type PtzAction = Static<typeof PtzAction>;

export const PtzState = Type.Enum(['idle', 'moving', 'calibrating'] as const, { description: 'state of the head' });
export type PtzState = Static<typeof PtzState>;

export const PtzAxis = Type.Enum(['pan', 'tilt', 'zoom'] as const, { description: 'axis' });
export type PtzAxis = Static<typeof PtzAxis>;

/** Speed of each axis, -1..1; left, down and wide are negative, 0 stops that axis, an absent axis keeps moving as it does. */
export const PtzVelocity = Type.Object(
  {
    pan: Type.Optional(Type.Number({ minimum: -1, maximum: 1, description: 'left is negative' })),
    tilt: Type.Optional(Type.Number({ minimum: -1, maximum: 1, description: 'down is negative' })),
    zoom: Type.Optional(Type.Number({ minimum: -1, maximum: 1, description: 'wide is negative' })),
  },
  { description: 'speed of each axis; 0 stops that axis' },
);
export type PtzVelocity = Static<typeof PtzVelocity>;

/** Axes of a move. In `normalized` units pan and tilt are -1..1 and zoom 0..1; in `deg` pan and tilt are degrees. */
export const PtzVector = Type.Object(
  {
    pan: Type.Optional(Type.Number({ minimum: -360, maximum: 360, description: 'left is negative' })),
    tilt: Type.Optional(Type.Number({ minimum: -360, maximum: 360, description: 'down is negative' })),
    zoom: Type.Optional(Type.Number({ minimum: -1, maximum: 1, description: '0 wide, 1 tele' })),
  },
  { description: 'axes of the move' },
);
export type PtzVector = Static<typeof PtzVector>;

/** Where the head stands, always normalised. */
export const PtzPosition = Type.Object(
  {
    pan: Type.Number({ minimum: -1, maximum: 1, description: '-1 leftmost, 1 rightmost' }),
    tilt: Type.Number({ minimum: -1, maximum: 1, description: '-1 lowest, 1 highest' }),
    zoom: Type.Number({ minimum: 0, maximum: 1, description: '0 wide, 1 tele' }),
  },
  { description: 'where the head stands' },
);
export type PtzPosition = Static<typeof PtzPosition>;

export const PresetId = Type.Integer({ minimum: 1, maximum: 255, description: 'preset' });
export type PresetId = Static<typeof PresetId>;

export const PresetName = Type.String({ maxLength: 32, description: 'name of the preset' });
