import { type TSchema, Type } from 'typebox';

/** A copy of `schema` whose description says what it stands for in one message. */
export function described<T extends TSchema>(schema: T, description: string): T;
export function described(schema: TSchema, description: string): TSchema {
  return Type.With(schema, { description });
}
