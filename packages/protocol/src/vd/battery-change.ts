import { Type } from 'typebox';
import { type Delivery, defineEvent, type ParamsOf } from '../message.ts';
import { BatteryState } from '../model/battery-state.ts';
import { eventFields, Received } from '../model/event-fields.ts';

/** I.2.27: power supply or charge changed. At most one a minute unless the level becomes critical. */
export const batteryChange = defineEvent({
  method: 'power.batteryChanged',
  description:
    'Reports a change of source, charging, level class, or of 2 % and more of charge; at most once a minute. When the level is critical it goes at once, with an id, and is repeated until acknowledged.',
  delivery: 'notification',
  provenance: { clause: '9.3.2.2', item: 'I.2.27', status: 'title-only' },
  params: Type.Object({
    ...eventFields,
    battery: BatteryState,
    cause: Type.Enum(['level', 'charge', 'source', 'threshold', 'fault'] as const, { description: 'what changed' }),
  }),
  result: Received,
  errors: [],
  examples: [
    {
      title: 'below the threshold',
      params: {
        eventId: '01KDVBD5K7N9Q2T4W6Y8B0D1F3',
        occurredAt: 1_767_226_600_000,
        battery: {
          present: true,
          levelPct: 14,
          level: 'warning',
          charge: 'notCharging',
          source: 'battery',
          voltageMv: 3_610,
          lowThresholdPct: 15,
        },
        cause: 'threshold',
      },
      result: { received: true },
    },
  ],
});

/** How this one report travels: a critical battery may be the last thing the device can tell. */
export function batteryChangeDelivery(report: ParamsOf<typeof batteryChange>): Delivery {
  return report.battery.level === 'critical' ? 'acknowledged' : batteryChange.delivery;
}
