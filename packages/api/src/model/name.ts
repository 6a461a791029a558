import { Type } from 'typebox';

/** What people call something: a text in which something can be seen. */
export function nameOf(what: string, { maxLength = 80 } = {}) {
  return Type.String({ minLength: 1, maxLength, pattern: '\\S', description: what });
}
