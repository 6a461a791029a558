import { type Static, Type } from 'typebox';
import { described } from './described.ts';
import { Instant } from './instant.ts';

/** Member `data` of every error object on the wire. */
export const ErrorData = Type.Object(
  {
    name: Type.String({ maxLength: 64, description: 'name of the error table' }),
    retryable: Type.Boolean({ description: 'the same request may succeed later' }),
    retryAfterMs: Type.Optional(Type.Number({ minimum: 0, description: 'do not try again before' })),
    details: Type.Optional(Type.Unknown({ description: 'what this error is about' })),
  },
  { description: 'the error as data' },
);
export type ErrorData = Static<typeof ErrorData>;

/** The error object of JSON-RPC 2.0 as this profile fills it; the same on HTTPS. */
export const WireError = Type.Object(
  {
    code: Type.Integer({ description: 'code of the error table' }),
    message: Type.String({ description: 'for people' }),
    data: ErrorData,
  },
  { description: 'the error' },
);
export type WireError = Static<typeof WireError>;

/** Body of every refused request on Vs and Vr. `serverTime` comes with AUTH_INVALID and CLOCK_SKEW. */
export const HttpErrorBody = Type.Object({
  error: WireError,
  serverTime: Type.Optional(described(Instant, 'clock of the platform')),
});
export type HttpErrorBody = Static<typeof HttpErrorBody>;
