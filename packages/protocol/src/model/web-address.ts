import { type Static, Type } from 'typebox';

/** An absolute URL. Plain `http`, `ws` and `rtmp` are for loopback only. */
export const WebAddress = Type.String({ minLength: 1, maxLength: 2048, description: 'absolute URL' });
export type WebAddress = Static<typeof WebAddress>;
