import { backupData } from '@cardea/platform';
import { Command } from 'commander';
import { printCopy, runCopy } from '../copy-run.ts';

export const backup = new Command('backup')
  .description('copy all data of a platform, which may run meanwhile; run again, it copies what is new')
  .argument('<target>', 'directory of the backup')
  .option('--data <dir>', 'data directory of the platform', './data')
  .option('--json', 'print the counts as JSON')
  .action(async (target: string, { data, json }: { readonly data: string; readonly json?: true }, command: Command) => {
    printCopy(await runCopy((options) => backupData(data, target, options)), { json, command });
  });
