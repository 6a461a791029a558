import { Command } from 'commander';
import { startAgent } from '../start-agent.ts';
import { terminal } from '../terminal.ts';
import { untilStopped } from '../until-stopped.ts';

interface Flags {
  readonly platform: string;
  readonly state: string;
  readonly source: string;
  readonly bindingCode?: string;
  readonly name?: string;
  readonly logLevel: string;
}

export const deviceRun = new Command('run')
  .description('run the device agent in the foreground')
  .requiredOption('--platform <url>', 'address of the platform')
  .requiredOption('--state <dir>', 'directory of the identity key, the configuration and the recordings of this device')
  .option('--source <source>', 'simulated, simulated:garden, or file:PATH', 'simulated')
  .option('--binding-code <code>', 'binds the device at its first start')
  .option('--name <name>', 'name of the device')
  .option('--log-level <level>', 'debug, info, warn, error or silent', 'info')
  .action(async (flags: Flags) => {
    const { platform, state, ...options } = flags;
    await using agent = await startAgent({ platformUrl: platform, stateDirectory: state, ...options });
    terminal.print(`Device ${agent.deviceId} is running`);
    await untilStopped(terminal);
  });
