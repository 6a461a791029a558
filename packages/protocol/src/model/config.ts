import { type Static, Type } from 'typebox';

/** Dotted name of a configuration key, e.g. `video.main.fps`. */
export const ConfigKey = Type.String({ minLength: 1, maxLength: 128, description: 'dotted key' });

/** Configuration as flat dotted keys. */
export const ConfigValues = Type.Record(Type.String(), Type.Unknown(), {
  maxProperties: 256,
  description: 'flat dotted keys and their values',
});
export type ConfigValues = Static<typeof ConfigValues>;

/** Rises with every change, whoever makes it. */
export const ConfigVersion = Type.Integer({ minimum: 0, description: 'version of the configuration' });
