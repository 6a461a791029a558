import { existsSync } from 'node:fs';
import { loadConfig, startPlatform } from '@cardea/platform';
import { Command } from 'commander';
import { terminal } from '../terminal.ts';
import { untilStopped } from '../until-stopped.ts';
import { findWebDirectory } from '../web-directory.ts';

interface Flags {
  readonly data?: string;
  readonly listen?: string;
  readonly publicUrl?: string;
  readonly role?: string;
  readonly bus?: string;
  readonly node?: string;
  readonly rtmp?: string;
  readonly rtsp?: string;
  readonly wake?: string;
  readonly webrtc?: string;
  readonly tls?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly logLevel?: string;
  readonly config?: string;
}

const DEFAULT_FILE = 'cardea.yaml';

export const serve = new Command('serve')
  .description('run the platform; settings come from flags, then CARDEA_* variables, then cardea.yaml')
  .option('--data <dir>', 'directory of the database, the recordings and the keys (default ./data)')
  .option('--listen <host:port>', 'address of the HTTP port (default 127.0.0.1:8780)')
  .option('--public-url <url>', 'origin under which browsers and devices reach it')
  .option('--role <roles>', 'roles of this process: all, or some of scheduling,access,media,video,api; each may be alone (default all)')
  .option('--bus <url>', 'NATS server that joins the processes of one platform')
  .option('--node <id>', 'name of this process among them (default host name and port)')
  .option('--rtmp <host:port>', 'address at which cameras publish over RTMP, or off (default port 1935)')
  .option('--wake <host:port>', 'address at which sleeping battery cameras wait to be woken, or off (default port 8781)')
  .option('--rtsp <host:port>', 'address at which streams are watched over RTSP, or off (default port 8554)')
  .option('--webrtc <host:port>', 'address of the UDP port for watching over WebRTC, or off (default port 8782)')
  .option('--tls <mode>', 'off, auto (a certificate of its own authority, at /ca.crt), files or acme (default off)')
  .option('--tls-cert <file>', 'certificate chain, PEM, for --tls files')
  .option('--tls-key <file>', 'its private key, PEM')
  .option('--log-level <level>', 'debug, info, warn, error or silent (default info)')
  .option('--config <file>', 'configuration file (default cardea.yaml if it is there)')
  .addHelpText(
    'after',
    `
Roles apart share the data directory and --bus, each process with a --node of its own:
  cardea serve --data ./data --bus nats://127.0.0.1:4222 --node api --role api,scheduling,video
  cardea serve --data ./data --bus nats://127.0.0.1:4222 --node access-1 --role access --listen 127.0.0.1:8783
  cardea serve --data ./data --bus nats://127.0.0.1:4222 --node media-1 --role media --listen 127.0.0.1:8785
cardea drain empties one before it ends. Media servers share viewers by media.maxSessions and media.maxMbps of each.`,
  )
  .action(async ({ bus, config: given, rtmp, rtsp, wake, webrtc, tls, tlsCert, tlsKey, ...flags }: Flags) => {
    const file = given ?? (existsSync(DEFAULT_FILE) ? DEFAULT_FILE : undefined);
    const config = loadConfig({
      flags: {
        ...flags,
        'bus.url': bus,
        'rtmp.listen': rtmp,
        'rtsp.listen': rtsp,
        'wake.listen': wake,
        'webrtc.listen': webrtc,
        'tls.mode': tls,
        'tls.cert': tlsCert,
        'tls.key': tlsKey,
      },
      env: process.env,
      ...(file !== undefined && { file }),
    });
    await using platform = await startPlatform(config, { webDirectory: findWebDirectory() });
    if (platform.setupLink !== undefined) terminal.print(`Set-up link: ${platform.setupLink}`);
    terminal.print(`Cardea is ready at ${platform.url}`);
    await untilStopped(terminal, platform.drained);
    await platform.drain();
  });
