import { readFile } from 'node:fs/promises';
import { AppError, type Clock, createLogger, createRandom, type Logger, type LogLevel, SystemClock, withDeadline } from '@cardea/core';
import type { Camera } from './camera.ts';
import { DeviceLog } from './logs/device-log.ts';
import { authorityShownBy, trustAuthority } from './net/trusted-authority.ts';
import { RunningDevice } from './running-device.ts';
import { createFileCamera } from './sources/file.ts';
import { parseRtspAddress } from './sources/rtsp/rtsp-address.ts';
import { createRtspCamera } from './sources/rtsp/rtsp-camera.ts';
import { createSimulatedCamera, type Scene } from './sources/simulated.ts';

export interface RunOptions {
  readonly platformUrl: string;
  readonly stateDirectory: string;
  /** `simulated`, `simulated:front-door`, `simulated:garden` (with `,battery` behind it on a battery), `file:PATH` or an RTSP address. */
  readonly source: string;
  /** RTSP address of the small picture of the same camera. */
  readonly sub?: string;
  /** File whose first line is the password of the user in the RTSP addresses. */
  readonly sourcePassword?: string;
  readonly bindingCode?: string;
  /** File of a public key, PEM, whose firmware to trust from now on. */
  readonly firmwareKey?: string;
  /** File of public keys, one a line: recordings are encrypted for these and nobody else. */
  readonly recipients?: string;
  /** File of an authority, PEM, to trust besides those of the system. */
  readonly ca?: string;
  /** SHA-256 of the authority of the platform, hex: trusted when the platform shows it. */
  readonly caFingerprint?: string;
  readonly logLevel?: LogLevel;
}

const scenes: readonly Scene[] = ['front-door', 'garden'];

/** Opens the source, starts an agent on it and resolves once it acts. @throws AppError INVALID_PARAMS for an unknown source, or as `createAgent` */
export async function runDevice({
  source,
  sub,
  sourcePassword,
  logLevel = 'info',
  firmwareKey,
  recipients,
  ca,
  caFingerprint,
  ...options
}: RunOptions): Promise<RunningDevice> {
  const clock = new SystemClock();
  if (ca !== undefined) trustAuthority(await readFile(ca, 'utf8'));
  if (caFingerprint !== undefined) await trustPinned(options.platformUrl, caFingerprint, clock);
  const log = await DeviceLog.open({ stateDirectory: options.stateDirectory, clock });
  const logger = createLogger(logLevel, log);
  const firmwareKeys = firmwareKey === undefined ? [] : [await readFile(firmwareKey, 'utf8')];
  const fixed =
    recipients === undefined ? {} : { recipients: (await readFile(recipients, 'utf8')).split(/\s+/).filter((key) => key !== '') };
  const openCamera = (): Promise<Camera> =>
    openSource({ source, sub, sourcePassword }, { clock, logger, stateDirectory: options.stateDirectory });
  try {
    return await RunningDevice.start({ ...options, ...fixed, firmwareKeys, openCamera, clock, logger, log });
  } catch (error) {
    await log[Symbol.asyncDispose]();
    throw error;
  }
}

/** The authority is kept for as long as the process runs; the next start compares again. */
async function trustPinned(platformUrl: string, fingerprint: string, clock: Clock): Promise<void> {
  const pem = await withDeadline(clock, TRUST_MS, (signal) => authorityShownBy(platformUrl, fingerprint, { signal }));
  trustAuthority(pem);
}

const TRUST_MS = 10_000;

type SourceOptions = Pick<RunOptions, 'source' | 'sub' | 'sourcePassword'>;

interface SourceContext {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly stateDirectory: string;
}

async function openSource(options: SourceOptions, context: SourceContext): Promise<Camera> {
  const { clock } = context;
  const [kind = '', rest] = split(options.source);
  if (kind === 'rtsp' || kind === 'rtsps') return await openRtsp(options, context);
  if (kind === 'file' && rest !== undefined) return await createFileCamera({ path: rest, clock });
  const traits = (rest ?? '').split(',').filter((trait) => trait !== '');
  const battery = traits.at(-1) === 'battery' && traits.pop() !== undefined;
  const [wanted = scenes[0], ...unknown] = traits;
  const scene = unknown.length === 0 ? scenes.find((name) => name === wanted) : undefined;
  if (kind === 'simulated' && scene !== undefined) return await createSimulatedCamera({ ...context, scene, battery });
  // Not the whole of it: an address that was mistyped may hold a password.
  const message = `there is no source ${kind}; the sources are simulated, ${scenes.map((name) => `simulated:${name}`).join(', ')}, file:PATH and rtsp://HOST/PATH`;
  throw new AppError('INVALID_PARAMS', { where: '--source' }, { message });
}

async function openRtsp({ source, sub, sourcePassword }: SourceOptions, context: SourceContext): Promise<Camera> {
  const password = sourcePassword === undefined ? undefined : (await readFile(sourcePassword, 'utf8')).split(/\r?\n/)[0];
  const main = parseRtspAddress(source, password);
  const small = sub === undefined ? undefined : parseRtspAddress(sub, password);
  return await createRtspCamera({ ...context, main, sub: small, random: createRandom(context.clock) });
}

function split(source: string): readonly [string, string?] {
  const colon = source.indexOf(':');
  return colon < 0 ? [source] : [source.slice(0, colon), source.slice(colon + 1)];
}
