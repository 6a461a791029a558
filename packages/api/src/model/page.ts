import { type TSchema, Type } from 'typebox';

/** One page of a list; `next` is the `cursor` of the following page and absent on the last. */
export function pageOf<T extends TSchema>(item: T) {
  return Type.Object({
    items: Type.Array(item),
    next: Type.Optional(Type.String({ description: 'cursor of the next page; absent on the last' })),
  });
}

/** Members of `query` that every paged list takes. */
export const paging = {
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 256, description: 'opaque: `next` of the page before' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, description: 'items per page, default 50' })),
};
