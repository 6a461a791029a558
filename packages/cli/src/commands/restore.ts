import { restoreData } from '@cardea/platform';
import { Command } from 'commander';
import { printCopy, runCopy } from '../copy-run.ts';

export const restore = new Command('restore')
  .description('make a data directory from a backup; cut short, it goes on when it is run again')
  .argument('<backup>', 'directory of the backup')
  .option('--data <dir>', 'data directory to make', './data')
  .option('--json', 'print the counts as JSON')
  .action(async (source: string, { data, json }: { readonly data: string; readonly json?: true }, command: Command) => {
    printCopy(await runCopy((options) => restoreData(source, data, options)), { json, command });
  });
