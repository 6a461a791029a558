import { type Static, type TSchema, Type } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import type { AnswerOf, BodyOf, FrameDefinition, FrameOf, HttpDefinition, ParamsOf, ResultOf, RpcDefinition, Rule } from './message.ts';

/** One thing that is wrong with a value. */
export interface Problem {
  /** JSON pointer to the member, empty for the value itself. */
  readonly path: string;
  readonly message: string;
}

export type Validation<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problems: readonly Problem[] };

const MAX_PROBLEMS = 5;

type AnyValidator = Pick<Validator, 'Check' | 'Errors'>;

// Compiling takes longer than a process that uses three messages wants to wait for all of them.
const validators = new WeakMap<TSchema, AnyValidator>();

function validatorOf(schema: TSchema): AnyValidator {
  const known = validators.get(schema);
  if (known !== undefined) return known;
  const compiled = Compile(schema);
  validators.set(schema, compiled);
  return compiled;
}

/** Whether `value` has the shape of `schema`. Members the schema does not know are allowed. */
export function conforms<S extends TSchema>(schema: S, value: unknown): value is Static<S> {
  return validatorOf(schema).Check(value);
}

/** As `conforms`, for a schema whose type was worked out before. */
function isAccepted<T>(schema: TSchema, value: unknown): value is T {
  return validatorOf(schema).Check(value);
}

/** `value` typed by `schema`, or at most 5 problems. Members the schema does not know are left in place. */
export function validate<S extends TSchema>(schema: S, value: unknown): Validation<Static<S>> {
  return judge<Static<S>>(schema, value);
}

function judge<T>(schema: TSchema, value: unknown): Validation<T> {
  if (isAccepted<T>(schema, value)) return { ok: true, value };
  return { ok: false, problems: problemsOf(schema, value) };
}

function problemsOf(schema: TSchema, value: unknown): readonly Problem[] {
  const problems: Problem[] = [];
  for (const error of validatorOf(schema).Errors(value)) {
    if (problems.length === MAX_PROBLEMS) break;
    problems.push({ path: error.instancePath, message: describe(error.message, error.params) });
  }
  return problems;
}

function describe(message: string, params: unknown): string {
  if (typeof params !== 'object' || params === null || !('allowedValues' in params)) return message;
  return Array.isArray(params.allowedValues) ? `must be one of ${params.allowedValues.join(', ')}` : message;
}

function obeying<T>(judged: Validation<T>, rules: readonly Rule<NoInfer<T>>[]): Validation<T> {
  if (!judged.ok) return judged;
  const broken = rules.filter((rule) => !rule.holds(judged.value));
  if (broken.length === 0) return judged;
  return { ok: false, problems: broken.slice(0, MAX_PROBLEMS).map(({ path, message }) => ({ path, message })) };
}

/** Judges the params of a Vd message; a failure is answered with INVALID_PARAMS. */
export function validateParams<D extends RpcDefinition>(definition: D, value: unknown): Validation<ParamsOf<D>> {
  return obeying(judge<ParamsOf<D>>(definition.params, value), definition.rules ?? []);
}

/** Makes a test for the named members of the params of a message, for whoever needs these before the rest is judged. */
export function acceptsMembers<D extends RpcDefinition, const Name extends keyof ParamsOf<D> & string>(
  definition: D,
  names: readonly Name[],
): (params: unknown) => params is Pick<ParamsOf<D>, Name> {
  const schema = Type.Pick(definition.params, [...names]);
  return (params): params is Pick<ParamsOf<D>, Name> => isAccepted(schema, params);
}

/** Judges the result of a Vd message; a failure is the sender's fault and ends as UNSPECIFIED. */
export function validateResult<D extends RpcDefinition>(definition: D, value: unknown): Validation<ResultOf<D>> {
  return judge<ResultOf<D>>(definition.result, value);
}

/** Judges the body of an HTTPS request of Vs or Vr. */
export function validateBody<D extends HttpDefinition>(definition: D, value: unknown): Validation<BodyOf<D>> {
  return obeying(validate<D['body']>(definition.body, value), definition.rules ?? []);
}

/** Judges the answer to an HTTPS request of Vs or Vr. */
export function validateAnswer<D extends HttpDefinition>(definition: D, value: unknown): Validation<AnswerOf<D>> {
  return validate<D['result']>(definition.result, value);
}

/** Judges a parsed text frame of Vm. */
export function validateFrame<D extends FrameDefinition>(definition: D, value: unknown): Validation<FrameOf<D>> {
  return validate<D['frame']>(definition.frame, value);
}
