import type { TSchema } from 'typebox';
import { isJsonArray, isJsonObject, type Json, type JsonObject, plain } from './json-schema.ts';

/** One line of the table of members on a page. */
interface MemberRow {
  readonly path: string;
  readonly type: string;
  readonly required: boolean;
  readonly limits: string;
  readonly unit: string;
  readonly description: string;
}

/** Suffix of a member name -> what its number counts (section B0). */
const UNITS: readonly (readonly [RegExp, string])[] = [
  [/(At|^serverTime|awakeUntil|retainUntil|confirmBefore)$/, 'ms since 1970, UTC'],
  [/Ms$/, 'ms'],
  [/Sec$/, 's'],
  [/Bytes$/, 'bytes'],
  [/Kbps$|^kbps$/, 'kbit/s'],
  [/Pct$/, '%'],
  [/Deg$/, 'degrees'],
  [/Mv$/, 'mV'],
  [/Dbm$/, 'dBm'],
  [/C$/, 'degrees Celsius'],
];

const HEAD = '| Member | Type | Required | Limits | Unit | Meaning |\n|---|---|---|---|---|---|';

/** A Markdown table of every member of `schema`, nested ones as `a.b` and those of lists as `a[].b`. */
export function memberTable(schema: TSchema): string {
  const rows = rowsOf(plain(schema), '');
  if (rows.length === 0) return 'No members.';
  return [HEAD, ...rows.map(formatRow)].join('\n');
}

function formatRow(row: MemberRow): string {
  const cells = [`\`${row.path}\``, row.type, row.required ? 'yes' : '', row.limits, row.unit, row.description];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function rowsOf(schema: JsonObject, prefix: string): readonly MemberRow[] {
  if (isJsonArray(schema.anyOf)) {
    return schema.anyOf.flatMap((form, index) => rowsOf(asObject(form), `${prefix}(${index + 1}) `));
  }
  const properties = asObject(schema.properties);
  const required = isJsonArray(schema.required) ? schema.required : [];
  return Object.entries(properties).flatMap(([name, value]) => memberRows(name, asObject(value), prefix, required.includes(name)));
}

function memberRows(name: string, schema: JsonObject, prefix: string, required: boolean): readonly MemberRow[] {
  const path = `${prefix}${name}`;
  const own: MemberRow = {
    path,
    type: typeOf(schema),
    required,
    limits: limitsOf(schema),
    unit: numbersOf(schema) ? unitOf(name) : '',
    description: textOf(schema.description) || textOf(asObject(schema.items).description),
  };
  const inner = isPlainList(schema) ? rowsOf(asObject(schema.items), `${path}[].`) : rowsOf(schema, `${path}.`);
  return [own, ...inner];
}

function typeOf(schema: JsonObject): string {
  if (isJsonArray(schema.enum)) return schema.enum.map((value) => `\`${textOf(value)}\``).join(', ');
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (isJsonArray(schema.anyOf)) return `one of ${schema.anyOf.length} forms`;
  if (isJsonArray(schema.items)) return `[${schema.items.map((item) => typeOf(asObject(item))).join(', ')}]`;
  if (isPlainList(schema)) return `list of ${typeOf(asObject(schema.items))}`;
  if (schema.patternProperties !== undefined) return `map of ${mapValueOf(schema)}`;
  return textOf(schema.type) || 'any';
}

function mapValueOf(schema: JsonObject): string {
  const [value] = Object.values(asObject(schema.patternProperties));
  return typeOf(asObject(value));
}

function limitsOf(schema: JsonObject): string {
  const limits: string[] = [];
  const low = schema.minimum ?? above(schema.exclusiveMinimum);
  if (low !== undefined || schema.maximum !== undefined) limits.push(rangeOf(low, schema.maximum));
  if (schema.maxLength !== undefined) limits.push(`${rangeOf(schema.minLength ?? 0, schema.maxLength)} characters`);
  if (schema.pattern !== undefined) limits.push(`\`${textOf(schema.pattern)}\``);
  if (isPlainList(schema)) limits.push(listLimits(schema));
  if (schema.maxProperties !== undefined) limits.push(`at most ${textOf(schema.maxProperties)}`);
  if (schema.default !== undefined) limits.push(`default ${textOf(schema.default)}`);
  return limits.filter((limit) => limit !== '').join('; ');
}

function listLimits(schema: JsonObject): string {
  const count = schema.maxItems === undefined ? '' : `${rangeOf(schema.minItems ?? 0, schema.maxItems)} items`;
  const each = limitsOf(asObject(schema.items));
  return [count, each === '' ? '' : `each ${each}`].filter((part) => part !== '').join('; ');
}

function rangeOf(low: Json | undefined, high: Json | undefined): string {
  if (high === undefined) return textOf(low).startsWith('above') ? textOf(low) : `from ${textOf(low)}`;
  return low === undefined ? `up to ${textOf(high)}` : `${textOf(low)}..${textOf(high)}`;
}

function above(value: Json | undefined): string | undefined {
  return value === undefined ? undefined : `above ${textOf(value)}`;
}

function numbersOf(schema: JsonObject): boolean {
  const inner = isJsonArray(schema.items) ? asObject(schema.items[0]) : asObject(schema.items);
  const type = Object.keys(inner).length === 0 ? schema.type : inner.type;
  return type === 'integer' || type === 'number';
}

function unitOf(name: string): string {
  return UNITS.find(([suffix]) => suffix.test(name))?.[1] ?? '';
}

function isPlainList(schema: JsonObject): boolean {
  return isJsonObject(schema.items);
}

function asObject(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

function textOf(value: Json | undefined): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
