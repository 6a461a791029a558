import { type Static, Type } from 'typebox';

export const LogType = Type.Enum(['system', 'crash', 'network', 'media', 'security'] as const, { description: 'kind of log' });
export type LogType = Static<typeof LogType>;
