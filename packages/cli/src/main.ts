import { readFileSync } from 'node:fs';
import { isBadFlag } from '@cardea/platform';
import { Command, CommanderError } from 'commander';
import { auditVerify } from './commands/audit-verify.ts';
import { backup } from './commands/backup.ts';
import { decrypt } from './commands/decrypt.ts';
import { demo } from './commands/demo.ts';
import { deviceCommand } from './commands/device-command.ts';
import { deviceRun } from './commands/device-run.ts';
import { deviceSimulate } from './commands/device-simulate.ts';
import { deviceUpdate } from './commands/device-update.ts';
import { drain } from './commands/drain.ts';
import { exportCase } from './commands/export.ts';
import { firmwareCampaign } from './commands/firmware-campaign.ts';
import { firmwareKeygen } from './commands/firmware-keygen.ts';
import { firmwareSign } from './commands/firmware-sign.ts';
import { firmwareUpload } from './commands/firmware-upload.ts';
import { fsck } from './commands/fsck.ts';
import { keysSeal } from './commands/keys-seal.ts';
import { login } from './commands/login.ts';
import { recipientCreate } from './commands/recipient-create.ts';
import { restore } from './commands/restore.ts';
import { serve } from './commands/serve.ts';
import { userCreate } from './commands/user-create.ts';
import { verify } from './commands/verify.ts';
import { reportFailure } from './failure.ts';
import { terminal } from './terminal.ts';

const FAILURE = 1;
const USAGE_ERROR = 2;
const manifest: { readonly version: string } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

function createProgram(): Command {
  const program = new Command('cardea')
    .description('Open home surveillance: your own cameras, no vendor cloud')
    .version(manifest.version)
    .option('--json', 'print results and errors as JSON');
  program.addCommand(serve);
  program.addCommand(demo);
  program.addCommand(drain);
  program.addCommand(login);
  program.addCommand(fsck);
  program.addCommand(exportCase);
  program.addCommand(verify);
  program.addCommand(new Command('recipient').description('keys that open encrypted recordings').addCommand(recipientCreate));
  program.addCommand(decrypt);
  program.addCommand(backup);
  program.addCommand(restore);
  program.addCommand(new Command('keys').description('the keys of the platform').addCommand(keysSeal));
  program.addCommand(new Command('audit').description('the log of who did and saw what').addCommand(auditVerify));
  program.addCommand(
    new Command('device')
      .description('run a device, send one a message, or change how the platform treats it')
      .addCommand(deviceRun)
      .addCommand(deviceSimulate)
      .addCommand(deviceCommand)
      .addCommand(deviceUpdate),
  );
  program.addCommand(new Command('user').description('manage users').addCommand(userCreate));
  program.addCommand(
    new Command('firmware')
      .description('sign firmware and roll it out')
      .addCommand(firmwareKeygen)
      .addCommand(firmwareSign)
      .addCommand(firmwareUpload)
      .addCommand(firmwareCampaign),
  );
  for (const command of [program, ...allCommands(program)]) command.exitOverride().showHelpAfterError('(add --help for what is possible)');
  return program;
}

function allCommands(command: Command): readonly Command[] {
  return command.commands.flatMap((child) => [child, ...allCommands(child)]);
}

/** Runs one command line. Sets the exit status: 0 done, 1 failed, 2 wrong usage. */
export async function main(argv: readonly string[]): Promise<void> {
  const program = createProgram();
  try {
    await program.parseAsync(argv);
  } catch (thrown) {
    if (thrown instanceof CommanderError) {
      process.exitCode = thrown.exitCode === 0 ? 0 : USAGE_ERROR;
      return;
    }
    reportFailure(thrown, { json: program.opts<{ json?: true }>().json === true, terminal });
    process.exitCode = isBadFlag(thrown) ? USAGE_ERROR : FAILURE;
  }
}
