import { readFileSync } from 'node:fs';
import { AppError } from '@cardea/core';
import { type Static, type TSchema, Type } from 'typebox';
import { Check, Convert } from 'typebox/value';
import { isMap, isScalar, LineCounter, parseDocument, type YAMLMap } from 'yaml';
import { type CapName, type Caps, caps } from './authorization/caps.ts';

const LogLevel = Type.Enum(['debug', 'info', 'warn', 'error', 'silent'] as const);

/** Every setting: its type, default and meaning. Names are dotted in code and flags, nested in `cardea.yaml`. */
export const settings = {
  data: setting(Type.String({ minLength: 1 }), './data', 'Directory of the database, the recordings and the keys'),
  listen: setting(
    Type.String({ pattern: '^.+:[0-9]{1,5}$' }),
    '127.0.0.1:8780',
    'HOST:PORT of the one HTTP port; port 0 takes any free one',
  ),
  publicUrl: setting(
    Type.String({ pattern: '^(https?://[^/]+)?$' }),
    '',
    'Origin under which browsers and devices reach this server; empty means the listening address',
  ),
  role: setting(
    Type.String({ pattern: '^(all|(scheduling|access|media|video|api)(,(scheduling|access|media|video|api))*)$' }),
    'all',
    'Roles of this process: all, or some of scheduling, access, media, video and api, joined by commas',
  ),
  node: setting(
    Type.String({ pattern: '^[A-Za-z0-9_-]{0,64}$' }),
    '',
    'Name of this process among those of the platform; empty means host name and port',
  ),
  'bus.url': secret(
    'NATS server over which the processes of one platform work together; empty means that this process is the platform',
    '^(nats://.+)?$',
  ),
  'drain.windowSec': setting(
    Type.Integer({ minimum: 1, maximum: 3600 }),
    20,
    'Time over which the devices of a process that stops are moved to others, in seconds',
  ),
  'objects.url': setting(
    Type.String({ pattern: '^(s3://.+)?$' }),
    '',
    'Where recordings are kept, s3://BUCKET[/PREFIX]?endpoint=https://HOST&region=REGION; empty means the data directory',
  ),
  'objects.accessKey': secret('Access key of that store'),
  'objects.secretKey': secret('Secret key of that store; better by environment or file than by flag'),
  'objects.direct': setting(Type.Boolean(), true, 'Whether devices reach that store themselves, and bring their recordings straight to it'),
  'tls.mode': setting(
    Type.Enum(['off', 'auto', 'files', 'acme'] as const),
    'off',
    'Whether the HTTP port and that of `wake.listen` speak TLS: off, auto (a certificate of its own authority, handed out at /ca.crt), files, or acme (one of an authority that browsers know)',
  ),
  'tls.cert': setting(Type.String(), '', 'File of the certificate chain, PEM, for tls.mode files; read again when it changes'),
  'tls.key': setting(Type.String(), '', 'File of the private key, PEM, for tls.mode files'),
  'tls.names': setting(
    Type.Array(Type.String({ minLength: 1 })),
    [],
    'Host names and addresses the certificate of tls.mode auto is for, beside those of this machine and of publicUrl',
  ),
  'tls.acme.directoryUrl': setting(
    Type.String({ pattern: '^https://.+$' }),
    'https://acme-v02.api.letsencrypt.org/directory',
    'ACME directory of the authority, for tls.mode acme',
  ),
  'tls.acme.email': setting(Type.String(), '', 'E-mail address that authority writes to about certificates; empty tells it none'),
  'tls.acme.domains': setting(
    Type.Array(Type.String({ pattern: '^[A-Za-z0-9-]+(\\.[A-Za-z0-9-]+)+$' })),
    [],
    'Host names the certificate of tls.mode acme is for; each has to lead to this machine',
  ),
  'tls.acme.agree': setting(Type.Boolean(), false, 'Whether you agree to the terms of that authority'),
  'tls.acme.listen': portSetting(
    'HOST:PORT at which that authority makes sure that the names lead here, reached from outside as port 80; empty means port 80 of the host of `listen`',
  ),
  'oidc.issuer': setting(
    Type.String({ pattern: '^(https?://[^?#]+)?$' }),
    '',
    'OpenID Connect provider at which people may log in, as its issuer names itself; empty means none',
  ),
  'oidc.clientId': setting(Type.String(), '', 'What that provider calls this platform'),
  'oidc.clientSecret': secret('Secret of that client; best given as CARDEA_OIDC_CLIENT_SECRET or by file'),
  'oidc.clientSecretFile': setting(Type.String(), '', 'File that holds that secret'),
  'oidc.label': setting(Type.String({ minLength: 1, maxLength: 40 }), 'your organisation', 'What people call that provider'),
  'oidc.allowedDomains': setting(
    Type.Array(Type.String({ minLength: 1 })),
    [],
    'Domains of verified e-mail addresses that may log in there; empty means all that are linked or invited',
  ),
  'oidc.operatorDomains': setting(
    Type.Array(Type.String({ minLength: 1 })),
    [],
    'Domains of verified e-mail addresses whose users run this platform',
  ),
  'oidc.operatorClaim': setting(
    Type.String({ pattern: '^([^=]+=.+)?$' }),
    '',
    'NAME=VALUE of a claim whose users run this platform, e.g. groups=cardea; with oidc.operatorDomains both must hold',
  ),
  'secrets.key': secret(
    'Secret with which the keys in the data directory are encrypted; best given as CARDEA_SECRETS_KEY; empty leaves them plain',
  ),
  'secrets.keyFile': setting(Type.String(), '', 'File that holds that secret, outside the data directory'),
  trustedProxies: setting(
    Type.Array(Type.String({ minLength: 1 })),
    [],
    'Addresses or networks of reverse proxies whose X-Forwarded-For is believed',
  ),
  logLevel: setting(LogLevel, 'info', 'Least severe message that is logged'),
  'enrolment.open': setting(Type.Boolean(), true, 'Whether a device nobody listed may ask to be bound'),
  'enrolment.devices': setting(Type.Array(Type.String()), [], 'Device ids admitted while enrolment is closed'),
  'keepAlive.intervalSec': setting(
    Type.Integer({ minimum: 5, maximum: 3600 }),
    30,
    'How often a device reports that it is there, in seconds',
  ),
  'keepAlive.missed': setting(Type.Integer({ minimum: 2, maximum: 10 }), 3, 'Reports that may be missing before a device counts as lost'),
  'rtmp.listen': portSetting('HOST:PORT at which devices publish over RTMP, or off; empty means port 1935 of the host of `listen`'),
  'rtmps.listen': setting(
    Type.String({ pattern: '^(off|.+:[0-9]{1,5})$' }),
    'off',
    'HOST:PORT at which devices publish over RTMP in TLS, or off; needs a certificate',
  ),
  'rtmps.certificate': setting(
    Type.String(),
    '',
    'File with the certificate chain of RTMPS, PEM; empty means the certificate of `tls.mode`',
  ),
  'rtmps.key': setting(Type.String(), '', 'File with the private key of RTMPS, PEM'),
  'wake.listen': portSetting(
    'HOST:PORT at which sleeping battery devices wait to be woken, or off; empty means port 8781 of the host of `listen`',
  ),
  'rtsp.listen': portSetting('HOST:PORT at which streams are watched over RTSP, or off; empty means port 8554 of the host of `listen`'),
  'rtsps.listen': setting(
    Type.String({ pattern: '^(off|.+:[0-9]{1,5})$' }),
    'off',
    'HOST:PORT at which streams are watched over RTSP in TLS, with the certificate of `tls.mode`, or off',
  ),
  'rtsp.udpPorts': setting(
    Type.String({ pattern: '^[0-9]{4,5}-[0-9]{4,5}$' }),
    '50000-50099',
    'First and last UDP port for RTSP viewers that take no TCP; two of them are used',
  ),
  'webrtc.listen': portSetting('HOST:PORT of the one UDP port of WebRTC, or off; empty means port 8782 of the host of `listen`'),
  'webrtc.publicAddress': setting(
    Type.String({ pattern: '^([0-9]{1,3}(\\.[0-9]{1,3}){3})?$' }),
    '',
    'IPv4 address at which that port is reached from outside, where a router forwards it; empty means none',
  ),
  'limits.schedulesPerMinute': setting(Type.Integer({ minimum: 1 }), 10, 'Scheduling requests of one device per minute'),
  'limits.schedulesPerSecond': setting(Type.Integer({ minimum: 1 }), 100, 'Scheduling requests of one source address per second'),
  'limits.replacements': setting(Type.Integer({ minimum: 1 }), 5, 'Times a device may displace its own connection within ten minutes'),
  'limits.returnsPerSecond': setting(
    Type.Integer({ minimum: 1 }),
    250,
    'Devices that lost their connection to this process together come back over so long that about so many do in a second',
  ),
  'media.maxSessions': setting(
    Type.Integer({ minimum: 1 }),
    1_000,
    'Viewers this process is meant for; with several processes the one that does the least of what it is meant for gets the next',
  ),
  'media.maxMbps': setting(Type.Integer({ minimum: 1 }), 1_000, 'Live video this process is meant to receive and send, in Mbit/s'),
  'storage.days': setting(
    Type.Integer({ minimum: 1, maximum: 3650 }),
    30,
    'Age in days at which recordings are removed, unless their home or camera says otherwise',
  ),
  'storage.bytes': setting(
    Type.Integer({ minimum: 0 }),
    0,
    'Most that is kept of all recordings, in bytes; 0 means as much as the volume holds. The oldest recordings go first',
  ),
  'limits.requestsPerSecond': setting(
    Type.Integer({ minimum: 1 }),
    200,
    'Requests of one user to the user API per second over a while, ten times as many at once; without a login of one source address',
  ),
  'limits.homesPerUser': capSetting('homesPerUser'),
  'limits.membersPerHome': capSetting('membersPerHome'),
  'limits.invitationsPerHome': capSetting('invitationsPerHome'),
  'limits.devicesPerHome': capSetting('devicesPerHome'),
  'limits.bindingCodesPerHome': capSetting('bindingCodesPerHome'),
  'limits.sharesPerHome': capSetting('sharesPerHome'),
  'limits.lockedSegmentsPerHome': capSetting('lockedSegmentsPerHome'),
  'limits.firmwareImagesPerHome': capSetting('firmwareImagesPerHome'),
  'limits.firmwareBytesPerHome': capSetting('firmwareBytesPerHome'),
  'limits.tokensPerUser': capSetting('tokensPerUser'),
  'limits.passkeysPerUser': capSetting('passkeysPerUser'),
  'limits.keysPerMember': capSetting('keysPerMember'),
  'limits.segmentBytes': setting(Type.Integer({ minimum: 1_000_000 }), 52_428_800, 'Largest video segment, in bytes'),
} as const;

interface Setting<S extends TSchema> {
  readonly schema: S;
  readonly fallback: Static<S>;
  readonly description: string;
  /** Its value is a credential, or an address with one in it, and is never said. */
  readonly isSecret?: boolean;
}

/** A port beside that of HTTP, on by default: HOST:PORT, `off`, or empty for its usual number on the host of `listen`. */
function portSetting(meaning: string) {
  return setting(Type.String({ pattern: '^(off|.+:[0-9]{1,5})?$' }), '', meaning);
}

function capSetting(name: CapName) {
  return setting(Type.Integer({ minimum: 1 }), caps[name].most, `Most ${caps[name].of}`);
}

function setting<S extends TSchema>(schema: S, fallback: Static<S>, description: string): Setting<S> {
  return { schema, fallback, description };
}

function secret(description: string, pattern?: string) {
  return { ...setting(Type.String(pattern === undefined ? {} : { pattern }), '', description), isSecret: true } as const;
}

export type SettingName = keyof typeof settings;

/** Settings whose values are never said. */
export const secretSettings: readonly SettingName[] = (Object.keys(settings) as SettingName[]).filter((name) => isSecret(name));

function isSecret(name: SettingName): boolean {
  const { isSecret: is = false }: Pick<Setting<TSchema>, 'isSecret'> = settings[name];
  return is;
}

export type Config = { readonly [N in SettingName]: Static<(typeof settings)[N]['schema']> };

/** The caps as they are set. */
export function capsOf(config: Config): Caps {
  const names = Object.keys(caps) as CapName[];
  return Object.fromEntries(names.map((name) => [name, config[`limits.${name}`]])) as Caps;
}

export interface ConfigSources {
  /** Values of command-line flags; `undefined` ones count as absent. */
  readonly flags?: Readonly<Record<string, unknown>>;
  /** `CARDEA_` + name in upper snake case, e.g. CARDEA_KEEP_ALIVE_INTERVAL_SEC. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Path of the YAML file; when absent `cardea.yaml` is not read. */
  readonly file?: string;
}

/**
 * The configuration of one process: flags before environment before file before defaults.
 * @throws AppError INVALID_PARAMS saying where the unknown key or bad value stands and what is allowed; `where` of its details is
 * the flag, the variable or the line of a bad value
 */
export function loadConfig({ flags = {}, env = {}, file }: ConfigSources): Config {
  const layers = [flagLayer(flags), envLayer(env), ...(file === undefined ? [] : [fileLayer(file)])];
  const names = Object.keys(settings) as SettingName[];
  const entries = names.map((name) => {
    const found = layers.map((layer) => layer.get(name)).find((value) => value !== undefined);
    return [name, found === undefined ? settings[name].fallback : checked(name, found)];
  });
  return Object.fromEntries(entries) as Config;
}

interface Given {
  readonly value: unknown;
  /** `--listen`, `CARDEA_LISTEN` or `cardea.yaml:3`. */
  readonly where: string;
}

type Layer = ReadonlyMap<string, Given>;

export function environmentName(name: string): string {
  return `CARDEA_${name
    .replace(/[A-Z]/g, (letter) => `_${letter}`)
    .replaceAll('.', '_')
    .toUpperCase()}`;
}

function checked(name: SettingName, { value, where }: Given): unknown {
  const { schema, description } = settings[name];
  const converted = Convert(schema, value);
  if (Check(schema, converted)) return converted;
  const said = isSecret(name) ? 'what is given' : JSON.stringify(value);
  refuse(`${where}: ${said} is not a value of ${name} (${description}); allowed: ${allowed(schema)}`, { where });
}

function allowed(schema: TSchema): string {
  const { enum: values, type, pattern, minimum, maximum } = schema as Record<string, unknown>;
  if (Array.isArray(values)) return values.join(', ');
  const range = minimum === undefined && maximum === undefined ? '' : ` ${minimum ?? ''}..${maximum ?? ''}`;
  return `${String(type)}${range}${pattern === undefined ? '' : ` matching ${String(pattern)}`}`;
}

function flagLayer(flags: Readonly<Record<string, unknown>>): Layer {
  const given = Object.entries(flags).filter(([, value]) => value !== undefined);
  return new Map(given.map(([name, value]) => [name, { value, where: flagName(name) }]));
}

/** A group is named by its first part where one flag says all of it: `--rtmp` is `rtmp.listen`. */
function flagName(name: string): string {
  const short = name.replace(/\.(listen|url|mode)$/, '').replaceAll('.', '-');
  return `--${short.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function envLayer(env: Readonly<Record<string, string | undefined>>): Layer {
  const names = new Map(Object.keys(settings).map((name) => [environmentName(name), name]));
  const given = Object.entries(env).flatMap(([variable, value]) => {
    const name = names.get(variable);
    return name === undefined || value === undefined ? [] : [[name, { value, where: variable }] as const];
  });
  return new Map(given);
}

function fileLayer(path: string): Layer {
  const lines = new LineCounter();
  const document = parseDocument(readConfigFile(path), { lineCounter: lines });
  const [error] = document.errors;
  if (error !== undefined) refuse(`${path}:${error.linePos?.[0].line ?? 1}: ${error.message}`);
  const found = new Map<string, Given>();
  if (isMap(document.contents)) collect(document.contents, '', found, (offset) => `${path}:${lines.linePos(offset).line}`);
  return found;
}

function readConfigFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new AppError('INVALID_PARAMS', { path }, { cause: error, message: `cannot read the configuration file ${path}` });
  }
}

function collect(map: YAMLMap, prefix: string, found: Map<string, Given>, where: (offset: number) => string): void {
  for (const { key, value } of map.items) {
    const name = prefix + String(isScalar(key) ? key.value : key);
    const place = where(isScalar(key) ? (key.range?.[0] ?? 0) : 0);
    if (name in settings) found.set(name, { value: toPlain(value), where: place });
    else if (isMap(value) && Object.keys(settings).some((known) => known.startsWith(`${name}.`))) collect(value, `${name}.`, found, where);
    else refuse(`${place}: there is no setting ${name}; the settings are ${Object.keys(settings).join(', ')}`);
  }
}

function toPlain(node: unknown): unknown {
  return typeof node === 'object' && node !== null && 'toJSON' in node && typeof node.toJSON === 'function' ? node.toJSON() : node;
}

function refuse(message: string, details?: { readonly where: string }): never {
  throw new AppError('INVALID_PARAMS', details, { message });
}
