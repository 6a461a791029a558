import { type RunOptions, runDevice } from '@cardea/device';
import { Command, Option } from 'commander';
import { terminal } from '../terminal.ts';
import { untilStopped } from '../until-stopped.ts';

interface Flags {
  readonly platform: string;
  readonly state: string;
  readonly source: string;
  readonly sub?: string;
  readonly sourcePassword?: string;
  readonly bindingCode?: string;
  readonly firmwareKey?: string;
  readonly recipients?: string;
  readonly ca?: string;
  readonly caFingerprint?: string;
  readonly logLevel: NonNullable<RunOptions['logLevel']>;
}

export const deviceRun = new Command('run')
  .description('run the device agent in the foreground')
  .requiredOption('--platform <url>', 'address of the platform')
  .requiredOption('--state <dir>', 'directory of the identity key, the configuration and the recordings of this device')
  .addOption(
    new Option('--source <source>', 'simulated, simulated:garden, simulated:garden,battery, file:PATH or rtsp://USER:PASSWORD@HOST/PATH')
      .env('CARDEA_SOURCE')
      .default('simulated'),
  )
  .addOption(new Option('--sub <address>', 'RTSP address of the small picture of the same camera').env('CARDEA_SUB'))
  .option(
    '--source-password <file>',
    'file with the password of the user in the RTSP addresses, which others on this machine see in a command',
  )
  .option('--binding-code <code>', 'binds the device at its first start')
  .option('--firmware-key <file>', 'public key, PEM, whose firmware this device trusts from now on')
  .option('--recipients <file>', 'public keys, one a line: recordings are encrypted for these, and the platform cannot change it')
  .option('--ca <file>', 'certificate of an authority, PEM, to trust besides those of the system')
  .option('--ca-fingerprint <sha256>', 'trusts the authority of the platform when its SHA-256 is this one (the QR code says it)')
  .option('--log-level <level>', 'debug, info, warn, error or silent', 'info')
  .action(async (flags: Flags) => {
    const { platform, state, ...options } = flags;
    await using device = await runDevice({ platformUrl: platform, stateDirectory: state, ...options });
    terminal.print(`Device ${device.deviceId} is running`);
    await Promise.race([untilStopped(terminal), device.poweredDown]);
  });
