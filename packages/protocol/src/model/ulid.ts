import { type Static, Type } from 'typebox';

/** An identifier whose text sorts by time. We mint upper case; letters of either case are read. */
export const Ulid = Type.String({
  pattern: '^[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}$',
  description: 'ULID, 26 characters',
});
export type Ulid = Static<typeof Ulid>;
