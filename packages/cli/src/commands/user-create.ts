import { loadConfig, openDataAccounts } from '@cardea/platform';
import { Command } from 'commander';
import { readStandardInput, terminal, wantsJson } from '../terminal.ts';

interface Flags {
  readonly data: string;
  readonly email: string;
  readonly name: string;
  readonly passwordStdin: true;
  readonly json?: true;
}

export const userCreate = new Command('create')
  .description('make a user with a home of their own; works while the platform runs or not')
  .requiredOption('--data <dir>', 'data directory of the platform', './data')
  .requiredOption('--email <email>', 'address to log in with')
  .requiredOption('--name <name>', 'how the user is called')
  .requiredOption('--password-stdin', 'read the password from standard input')
  .option('--json', 'print the user as JSON')
  .action(async ({ data, email, name, json }: Flags, command: Command) => {
    const password = await readStandardInput();
    await using accounts = await openDataAccounts(loadConfig({ flags: { data, logLevel: 'warn' }, env: process.env }));
    const user = await accounts.create({ email, name, password });
    const asJson = wantsJson({ json }, command);
    terminal.print(asJson ? JSON.stringify(user) : `Created ${user.email}`);
  });
