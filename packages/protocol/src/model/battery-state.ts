import { type Static, Type } from 'typebox';

/** What feeds a device and how much is left. A mains device has `present: false, source: 'mains'`. */
export const BatteryState = Type.Object(
  {
    present: Type.Boolean({ description: 'a battery is fitted' }),
    levelPct: Type.Optional(Type.Number({ minimum: 0, maximum: 100, description: 'charge left' })),
    level: Type.Optional(Type.Enum(['ok', 'warning', 'critical'] as const, { description: 'class of the charge left' })),
    charge: Type.Optional(Type.Enum(['charging', 'full', 'notCharging', 'unknown'] as const, { description: 'charging state' })),
    source: Type.Enum(['battery', 'mains', 'usb', 'solar'] as const, { description: 'what feeds the device now' }),
    voltageMv: Type.Optional(Type.Integer({ minimum: 0, description: 'battery voltage' })),
    temperatureC: Type.Optional(Type.Number({ minimum: -100, maximum: 200, description: 'battery temperature, degrees Celsius' })),
    timeRemainingSec: Type.Optional(Type.Integer({ minimum: 0, description: 'expected running time' })),
    lowThresholdPct: Type.Optional(Type.Number({ minimum: 0, maximum: 100, description: 'below this the level is a warning' })),
    fault: Type.Optional(Type.Enum(['overTemp', 'underTemp', 'unspecified'] as const, { description: 'battery fault' })),
  },
  { description: 'power supply' },
);
export type BatteryState = Static<typeof BatteryState>;
