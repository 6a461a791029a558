/** A JSON object as it came over the wire: nothing about its members is known yet. */
export type Json = Readonly<Record<string, unknown>>;

/** Reads one JSON object. @throws Refusal -32700 for anything else */
export function parseObject(text: string): Json {
  const value: unknown = JSON.parse(text);
  if (!isObject(value)) throw new Refusal(-32700, 'not a JSON object');
  return value;
}

/** Whether `value` is a JSON object. */
export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object member `name`. @throws Refusal -32602 */
export function objectAt(from: Json, name: string): Json {
  const value = from[name];
  if (!isObject(value)) throw new Refusal(-32602, `${name} must be an object`);
  return value;
}

/** The objects in the list `name`; none when there is no such list. */
export function objectsAt(from: Json, name: string): readonly Json[] {
  const value = from[name];
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** The text member `name`. @throws Refusal -32602 */
export function textAt(from: Json, name: string): string {
  const value = from[name];
  if (typeof value !== 'string') throw new Refusal(-32602, `${name} must be a text`);
  return value;
}

/** The number member `name`, or `fallback` when it is absent. @throws Refusal -32602 */
export function numberAt(from: Json, name: string, fallback?: number): number {
  const value = from[name] ?? fallback;
  if (typeof value !== 'number') throw new Refusal(-32602, `${name} must be a number`);
  return value;
}

/** A request that the other end, or this end, refused: `code` as in section B1, `body` the rest of what was said. */
export class Refusal extends Error {
  readonly code: number;
  /** What is wrong, without the number. */
  readonly reason: string;
  readonly status: number | undefined;
  readonly body: Json;

  constructor(code: number, reason: string, status?: number, body: Json = {}) {
    super(`${code} ${reason}`);
    this.code = code;
    this.reason = reason;
    this.status = status;
    this.body = body;
  }
}
