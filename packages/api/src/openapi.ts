import type { TSchema } from 'typebox';
import { ApiToken } from './model/api-token.ts';
import { AuditEntry } from './model/audit-entry.ts';
import { Device } from './model/device.ts';
import { DeviceLog } from './model/device-log.ts';
import { HomeEvent } from './model/event.ts';
import { Campaign, Firmware } from './model/firmware.ts';
import { BindingCode, Home } from './model/home.ts';
import { LiveSession, Viewer } from './model/live.ts';
import { Member } from './model/member.ts';
import { Problem } from './model/problem.ts';
import { Segment } from './model/segment.ts';
import { Share } from './model/share.ts';
import { Snapshot } from './model/snapshot.ts';
import { TalkSession } from './model/talk.ts';
import { Login, Session, User } from './model/user.ts';
import type { Access, Route } from './route.ts';
import { routes } from './routes/index.ts';

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

const components = {
  ApiToken,
  AuditEntry,
  BindingCode,
  Campaign,
  Device,
  DeviceLog,
  Firmware,
  Home,
  HomeEvent,
  LiveSession,
  Login,
  Member,
  Problem,
  Segment,
  Session,
  Share,
  Snapshot,
  TalkSession,
  User,
  Viewer,
};

const nameOf = new Map<unknown, string>(Object.entries(components).map(([name, schema]) => [schema, name]));

/** The OpenAPI 3.1 document of the user API, made from the table of routes. */
export function createOpenApiDocument(): { readonly [name: string]: Json } {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operationOf(route) };
  return {
    openapi: '3.1.0',
    info: {
      title: 'Cardea user API',
      version: '1',
      description:
        'Everything the app does. Instants are Unix milliseconds UTC. Failures are RFC 9457 problems with a code of the error table. ' +
        'An object that is absent and one that belongs to someone else give the same 404.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/api/v1' }],
    security: [{ bearer: [] }, { cookie: [] }],
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(components).map(([name, schema]) => [name, membersOf(schema)])),
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        cookie: { type: 'apiKey', in: 'cookie', name: '__Host-cardea', description: 'called `cardea` on plain HTTP' },
      },
    },
  };
}

function operationOf(route: Route): Json {
  const parameters = [
    ...parametersOf(route.params, 'path'),
    ...parametersOf(route.query, 'query'),
    ...(route.method === 'GET' || route.access.kind === 'public' ? [] : [idempotencyKey]),
  ];
  return {
    operationId: route.id,
    summary: route.summary,
    description: accessText(route.access),
    ...(route.access.kind === 'public' || route.access.kind === 'anyone' ? { security: [] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...requestBodyOf(route),
    responses: {
      [route.success]: { description: successText[route.success], ...contentOf(route) },
      default: { description: 'A problem', content: { 'application/problem+json': { schema: toJson(Problem) } } },
    },
  };
}

const successText = { 200: 'Done', 201: 'Made', 204: 'Done, nothing to say' };

const idempotencyKey: Json = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'a repeat with the same key and body within 24 hours gets the first answer; another body gets 409',
  schema: { type: 'string', minLength: 1, maxLength: 128 },
};

function requestBodyOf({ body, consumes }: Route): { readonly requestBody?: Json } {
  if (consumes !== undefined)
    return { requestBody: { required: true, content: { [consumes]: { schema: { type: 'string', format: 'binary' } } } } };
  return body === undefined ? {} : { requestBody: { required: true, content: { 'application/json': { schema: toJson(body) } } } };
}

function accessText(access: Access): string {
  if (access.kind === 'public') return 'Open to everybody.';
  if (access.kind === 'anyone') return 'Open to everybody; a login counts.';
  if (access.kind === 'login') return 'For a user who is logged in; not for API tokens.';
  if (access.kind === 'operator') return 'For whoever runs the platform; not for API tokens.';
  if (access.kind === 'membership') return `Needs the action \`${access.action}\`, or to be that member.`;
  if (access.kind === 'user') return 'For every user; shows what the user may see.';
  if (access.kind === 'liveSession') return 'For the user who made the session.';
  if (access.kind === 'command') return 'Needs the action of the method.';
  return `Needs the action \`${access.action}\`.`;
}

function contentOf({ answer, produces }: Route): { readonly content?: Json } {
  if (produces !== undefined) return { content: { [produces]: { schema: { type: 'string', format: 'binary' } } } };
  return answer === undefined ? {} : { content: { 'application/json': { schema: toJson(answer) } } };
}

function parametersOf(schema: Route['query'], place: 'path' | 'query'): readonly Json[] {
  const required: readonly string[] = schema?.required ?? [];
  return Object.entries(schema?.properties ?? {}).map(([name, member]) => ({
    name,
    in: place,
    required: required.includes(name),
    schema: toJson(member),
  }));
}

/** The JSON Schema of a TypeBox schema, with named models as references. */
function toJson(value: unknown): Json {
  const name = nameOf.get(value);
  return name === undefined ? membersOf(value) : { $ref: `#/components/schemas/${name}` };
}

function membersOf(value: TSchema | unknown): Json {
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, toJson(member)]));
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  throw new TypeError(`not JSON: ${typeof value}`);
}
