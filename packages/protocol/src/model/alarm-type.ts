import { type Static, Type } from 'typebox';

/** What a device may report with `alarm.notify`. */
export const AlarmType = Type.Enum(
  [
    'motion',
    'pir',
    'person',
    'face',
    'vehicle',
    'pet',
    'package',
    'lineCrossing',
    'intrusion',
    'loitering',
    'leave',
    'objectLeft',
    'objectRemoved',
    'crowd',
    'sound',
    'babyCry',
    'bark',
    'glassBreak',
    'smokeAlarmSound',
    'doorbell',
    'tamper',
    'deviceTamper',
    'defocus',
    'sceneChange',
    'videoLoss',
    'temperatureHigh',
    'temperatureLow',
    'diskFull',
    'diskError',
    'diskRemoved',
    'diskFormatted',
    'networkChanged',
    'illegalAccess',
    'ioInput',
    'fall',
    'fire',
    'custom',
  ] as const,
  { description: 'kind of alarm' },
);
export type AlarmType = Static<typeof AlarmType>;

/** A box in the picture, normalised: 0..1, origin at the top left. */
export const PictureBox = Type.Object(
  {
    x: Type.Number({ minimum: 0, maximum: 1, description: 'left edge, 0 at the left of the picture' }),
    y: Type.Number({ minimum: 0, maximum: 1, description: 'top edge, 0 at the top of the picture' }),
    w: Type.Number({ minimum: 0, maximum: 1, description: 'width as a part of the picture' }),
    h: Type.Number({ minimum: 0, maximum: 1, description: 'height as a part of the picture' }),
  },
  { description: 'where in the picture' },
);
export type PictureBox = Static<typeof PictureBox>;
