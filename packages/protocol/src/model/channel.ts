import { type Static, Type } from 'typebox';

/** One lens of a device, or one camera of a recorder. A device with one lens has channel 1. */
export const Channel = Type.Integer({ minimum: 1, maximum: 256, description: 'channel (one lens); 1 on a device with one lens' });
export type Channel = Static<typeof Channel>;
