import { checkData, loadConfig } from '@cardea/platform';
import { Command } from 'commander';
import { terminal } from '../terminal.ts';

export const fsck = new Command('fsck')
  .description('check that the catalogue and the recordings agree, both ways; changes nothing and works while the platform runs')
  .option('--data <dir>', 'data directory of the platform', './data')
  .option('--deep', 'read every recording and compare its digest', false)
  .option('--json', 'print the counts as JSON')
  .action(async ({ data, deep, json }: { data: string; deep: boolean; json?: true }, command: Command) => {
    const report = await checkData(loadConfig({ flags: { data, logLevel: 'warn' } }), { deep });
    const asJson = json === true || command.optsWithGlobals<{ json?: true }>().json === true;
    const lines = Object.entries(report).map(([name, count]) => `${name.padEnd(12)} ${count}`);
    terminal.print(asJson ? JSON.stringify(report) : lines.join('\n'));
    if (report.differences > 0) process.exitCode = 1;
  });
