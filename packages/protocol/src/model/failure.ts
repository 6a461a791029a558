import { type Static, Type } from 'typebox';

/** An error as data, for work that goes on after the answer was given; codes are those of docs/errors.md. */
export const Failure = Type.Object(
  {
    code: Type.Integer({ description: 'code of the error table' }),
    name: Type.String({ maxLength: 64, description: 'name of the error table' }),
  },
  { description: 'what went wrong' },
);
export type Failure = Static<typeof Failure>;
