import { type Static, Type } from 'typebox';
import { Instant } from './instant.ts';
import { Ulid } from './ulid.ts';
import { WebAddress } from './web-address.ts';

const NAME_PATTERN = '^[!-~]{1,128}$';
const MAX_FIELDS = 32;

/** A right to store one object until `expiresAt`, with no other credential. `fields` are form fields of a POST ticket. */
export const UploadTicket = Type.Object(
  {
    ticketId: Ulid,
    method: Type.Enum(['PUT', 'POST'] as const, { description: 'HTTP method of the upload' }),
    url: WebAddress,
    headers: Type.Optional(
      Type.Record(Type.String({ pattern: NAME_PATTERN }), Type.String({ maxLength: 4096 }), {
        additionalProperties: false,
        maxProperties: MAX_FIELDS,
        description: 'headers to send as given',
      }),
    ),
    fields: Type.Optional(
      Type.Record(Type.String({ pattern: NAME_PATTERN }), Type.String({ maxLength: 4096 }), {
        additionalProperties: false,
        maxProperties: MAX_FIELDS,
        description: 'form fields to send before the bytes (POST only)',
      }),
    ),
    expiresAt: Instant,
    maxBytes: Type.Optional(Type.Integer({ minimum: 1, description: 'largest object taken' })),
  },
  { description: 'right to store one object' },
);
export type UploadTicket = Static<typeof UploadTicket>;
