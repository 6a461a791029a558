import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { loadConfig, sealKeys } from '@cardea/platform';
import { Command } from 'commander';
import { terminal } from '../terminal.ts';

interface Flags {
  readonly data: string;
  readonly newKeyFile?: string;
  readonly plain?: true;
}

const DEFAULT_FILE = 'cardea.yaml';

export const keysSeal = new Command('seal')
  .description('encrypt the keys of the platform with another secret; the one they have now is secrets.key or secrets.keyFile')
  .option('--data <dir>', 'data directory of the platform, which must not run', './data')
  .option('--new-key-file <file>', 'file whose text is the new secret; keep it outside the data directory')
  .option('--plain', 'leave the keys unencrypted')
  .action(async ({ data, newKeyFile, plain }: Flags, command: Command) => {
    if ((newKeyFile === undefined) === (plain === undefined)) command.error('give either --new-key-file or --plain', { exitCode: 2 });
    const file = existsSync(DEFAULT_FILE) ? { file: DEFAULT_FILE } : {};
    const config = loadConfig({ flags: { data, logLevel: 'warn' }, env: process.env, ...file });
    const secret = newKeyFile === undefined ? undefined : (await readFile(newKeyFile, 'utf8')).trim();
    const count = await sealKeys(config, secret);
    terminal.print(secret === undefined ? `${count} keys are plain now` : `${count} keys are sealed with the new secret`);
  });
