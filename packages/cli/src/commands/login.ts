import { createClient } from '@cardea/api';
import { Command } from 'commander';
import { saveCredentials } from '../credentials.ts';
import { readStandardInput, terminal } from '../terminal.ts';

export const login = new Command('login')
  .description('log in to a platform and keep the session for later commands; the password is read from standard input')
  .option('--url <url>', 'address of the platform', 'http://127.0.0.1:8780')
  .requiredOption('--email <email>', 'who logs in')
  .action(async ({ url, email }: { url: string; email: string }) => {
    if (process.stdin.isTTY) terminal.note('Password, then Ctrl-D:');
    const password = await readStandardInput();
    const session = await createClient({ baseUrl: url }).call('session.create', { body: { email, password } });
    terminal.note(`Logged in as ${session.user.email}; the session is kept in ${await saveCredentials({ url, token: session.token })}`);
  });
