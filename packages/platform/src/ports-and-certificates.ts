import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, type Clock, type Logger, type Random } from '@cardea/core';
import type { Config } from './config.ts';
import { Certificates } from './http/tls/certificates.ts';
import { type ListenAddress, listenBeside, parseListen } from './listen-address.ts';
import type { MediaPorts } from './media-broadcasting/live-output.ts';
import type { KeyVault } from './tokens/key-vault.ts';

const HTTP_PORT = 80;
const HTTPS_PORT = 443;
const RTMP_PORT = 1_935;
const WEBRTC_PORT = 8_782;
const RTSP_PORT = 8_554;

/** What the HTTP port shows; `undefined` without TLS. @throws AppError INVALID_PARAMS for files that cannot be used */
export async function openCertificates(
  config: Config,
  tools: { readonly vault: KeyVault; readonly clock: Clock; readonly random: Random; readonly logger: Logger },
): Promise<Certificates | undefined> {
  const mode = config['tls.mode'];
  if (mode === 'off') return undefined;
  const publicHost = URL.parse(config.publicUrl)?.hostname.replace(/^\[(.*)\]$/, '$1');
  const listenHost = parseListen(config.listen).host;
  const isWildcard = listenHost === '0.0.0.0' || listenHost === '::';
  const names = [...config['tls.names'], ...(publicHost ? [publicHost] : []), ...(isWildcard ? [] : [listenHost])];
  const files = { certFile: config['tls.cert'], keyFile: config['tls.key'], directory: join(config.data, 'keys', 'tls') };
  const acme = mode === 'acme' ? acmeOf(config) : undefined;
  return await Certificates.open({
    mode,
    ...files,
    names: [...names, ...(acme?.domains ?? [])],
    acme: acme && { ...acme, ...tools },
    ...tools,
  });
}

/** @throws AppError INVALID_PARAMS when what is set does not suffice */
function acmeOf(config: Config) {
  const { 'tls.acme.agree': agree, 'tls.acme.directoryUrl': directoryUrl, 'tls.acme.domains': domains, 'tls.acme.email': email } = config;
  const refusal = (message: string): AppError => new AppError('INVALID_PARAMS', undefined, { message });
  const [first] = domains;
  if (first === undefined) throw refusal('tls.mode acme needs tls.acme.domains');
  if (!agree) throw refusal(`tls.mode acme needs tls.acme.agree: true, which agrees to the terms of ${directoryUrl}`);
  const http = parseListen(config.listen);
  const listen = listenBeside(http, config['tls.acme.listen'], HTTP_PORT);
  if (listen === undefined) throw refusal('tls.mode acme needs tls.acme.listen: the authority comes to it');
  const origin = config.publicUrl || `https://${first}${http.port === HTTPS_PORT ? '' : `:${http.port}`}`;
  return { directoryUrl, email, domains, listen, origin };
}

/** Where media is taken and watched, by default beside the HTTP port. @throws AppError INVALID_PARAMS */
export function mediaPorts(config: Config, certificates: Certificates | undefined): MediaPorts {
  const [first, last] = config['rtsp.udpPorts'].split('-').map(Number);
  if (first === undefined || last === undefined || last > 65_535 || last < first + 3) {
    throw new AppError('INVALID_PARAMS', { 'rtsp.udpPorts': config['rtsp.udpPorts'] });
  }
  const http = parseListen(config.listen);
  return {
    rtmp: { plain: listenBeside(http, config['rtmp.listen'], RTMP_PORT), tls: rtmpsPort(config, certificates) },
    rtsp: listenBeside(http, config['rtsp.listen'], RTSP_PORT),
    rtsps: rtspsPort(config, certificates),
    rtspUdp: [first, last],
    webrtc: webRtcPort(http, config),
  };
}

function webRtcPort(http: ListenAddress, config: Config): MediaPorts['webrtc'] {
  const listen = listenBeside(http, config['webrtc.listen'], WEBRTC_PORT);
  return listen && { listen, publicAddress: config['webrtc.publicAddress'] };
}

function rtspsPort({ 'rtsps.listen': listen }: Config, certificates: Certificates | undefined): MediaPorts['rtsps'] {
  if (listen === 'off') return undefined;
  if (certificates === undefined) throw new AppError('INVALID_PARAMS', undefined, { message: 'rtsps.listen needs tls.mode' });
  return { ...parseListen(listen), certificate: async () => certificates.pair };
}

/** With a certificate of its own, or that of HTTP. */
function rtmpsPort(config: Config, certificates: Certificates | undefined): MediaPorts['rtmp']['tls'] {
  const { 'rtmps.listen': listen, 'rtmps.certificate': certificateFile, 'rtmps.key': keyFile } = config;
  if (listen === 'off') return undefined;
  const address = parseListen(listen);
  if (certificateFile === '' && certificates !== undefined) return { ...address, certificate: async () => certificates.pair };
  if (certificateFile === '' || keyFile === '') {
    throw new AppError('INVALID_PARAMS', undefined, { message: 'rtmps.listen needs tls.mode, or rtmps.certificate and rtmps.key' });
  }
  const read = (path: string): Promise<string> => readFile(path, 'utf8');
  return { ...address, certificate: async () => ({ cert: await read(certificateFile), key: await read(keyFile) }) };
}
