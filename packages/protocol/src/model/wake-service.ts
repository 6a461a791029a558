import { type Static, Type } from 'typebox';

const OpaqueBase64 = { maxLength: 1024, pattern: '^[A-Za-z0-9+/]*={0,2}$' };

/**
 * How the radio of a sleeping device stays reachable: it sends `authB64` after connecting, `heartbeatB64` each
 * `heartbeatSec`, and wakes the rest of the device when `wakeB64` arrives. The three are opaque bytes, so that a
 * small controller only copies and compares.
 */
export const WakeService = Type.Object(
  {
    host: Type.String({ minLength: 1, maxLength: 253, description: 'host of the wake service' }),
    port: Type.Integer({ minimum: 1, maximum: 65_535, description: 'TCP port' }),
    transport: Type.Enum(['tls', 'tcp'] as const, { description: 'carrier' }),
    authB64: Type.String({ ...OpaqueBase64, description: 'sent first, base64' }),
    heartbeatB64: Type.String({ ...OpaqueBase64, description: 'sent at each beat, base64' }),
    wakeB64: Type.String({ ...OpaqueBase64, description: 'received to wake, base64' }),
    heartbeatSec: Type.Integer({ minimum: 5, maximum: 3_600, description: 'time between two beats' }),
  },
  { description: 'wake service of a sleeping device' },
);
export type WakeService = Static<typeof WakeService>;
