import type { TSchema } from 'typebox';
import { PROFILE } from '../profile.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [member: string]: Json };
export type JsonObject = { readonly [member: string]: Json };

/** Whether a part of a message has a body at all; `Type.Undefined` stands for none. */
export function hasBody(schema: TSchema): boolean {
  return plain(schema).type !== 'undefined';
}

/** `schema` as data: what JSON keeps of it. */
export function plain(schema: TSchema): JsonObject {
  const copy: unknown = JSON.parse(JSON.stringify(schema));
  return isJsonObject(copy) ? copy : {};
}

/** A JSON Schema 2020-12 document for one part of a message; `name` is e.g. `ptz.control.params`. */
export function schemaDocument(name: string, schema: TSchema): JsonObject {
  const { type, ...rest } = toDraft2020(plain(schema));
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: `urn:${PROFILE}:${name}`,
    title: name,
    ...(type === undefined ? {} : { type }),
    ...rest,
  };
}

/** Tuples are written as in older drafts; 2020-12 calls their items `prefixItems`. */
function toDraft2020(schema: JsonObject): JsonObject {
  const { items, additionalItems, ...rest } = schema;
  const members = Object.fromEntries(Object.entries(rest).map(([name, value]): [string, Json] => [name, convert(value)]));
  if (items === undefined) return members;
  if (isJsonArray(items)) return { ...members, prefixItems: convert(items), items: additionalItems ?? false };
  return { ...members, items: convert(items) };
}

function convert(value: Json): Json {
  if (isJsonArray(value)) return value.map(convert);
  return isJsonObject(value) ? toDraft2020(value) : value;
}

export function isJsonArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
