import { type Static, Type } from 'typebox';

/** How every failure is answered (RFC 9457, `application/problem+json`). */
export const Problem = Type.Object({
  type: Type.String({ description: 'names the kind of problem; a page of the documentation' }),
  title: Type.String({ description: 'the kind of problem in words' }),
  status: Type.Integer({ description: 'HTTP status' }),
  detail: Type.String({ description: 'what went wrong this time' }),
  code: Type.Integer({ description: 'code of the error table' }),
  name: Type.String({ description: 'name of the error table' }),
  retryable: Type.Boolean({ description: 'the same request may succeed later' }),
  details: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: 'members that explain, e.g. the problems of a body' })),
  deviceError: Type.Optional(Type.Integer({ description: 'code the device answered with' })),
  deviceErrorData: Type.Optional(Type.Unknown({ description: '`data` of the answer of the device' })),
  stepUp: Type.Optional(Type.Literal(true, { description: 'log in again and repeat the request within five minutes' })),
});
export type Problem = Static<typeof Problem>;
