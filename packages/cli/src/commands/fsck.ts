import { existsSync } from 'node:fs';
import { type Config, checkData, type FsckReport, loadConfig, rebuildData } from '@cardea/platform';
import { Command } from 'commander';
import { ProgressLine } from '../progress-line.ts';
import { terminal, wantsJson } from '../terminal.ts';

interface Flags {
  readonly data: string;
  readonly deep: boolean;
  readonly rebuild: boolean;
  readonly json?: true;
}

const DEFAULT_FILE = 'cardea.yaml';
const SHOWN_EVERY = 20;

export const fsck = new Command('fsck')
  .description('check that the catalogue and the recordings agree, both ways; works while the platform runs')
  .option('--data <dir>', 'data directory of the platform', './data')
  .option('--deep', 'read every recording and compare its digest', false)
  .option('--rebuild', 'first put recordings the catalogue lost back into it; the platform must not run', false)
  .option('--json', 'print the counts as JSON')
  .action(async ({ data, deep, rebuild, json }: Flags, command: Command) => {
    const file = existsSync(DEFAULT_FILE) ? { file: DEFAULT_FILE } : {};
    const config = loadConfig({ flags: { data, logLevel: 'warn' }, env: process.env, ...file });
    const rebuilt = rebuild ? await rebuildData(config) : {};
    const report = { ...rebuilt, ...(await check(config, deep)) };
    const asJson = wantsJson({ json }, command);
    const lines = Object.entries(report).map(([name, count]) => `${name.padEnd(12)} ${count}`);
    terminal.print(asJson ? JSON.stringify(report) : lines.join('\n'));
    if (report.differences > 0) process.exitCode = 1;
  });

async function check(config: Config, deep: boolean): Promise<FsckReport> {
  using line = new ProgressLine();
  return await checkData(config, {
    deep,
    onChecked: (count) => {
      if (count % SHOWN_EVERY === 0) line.show(`${count} recordings checked`);
    },
  });
}
