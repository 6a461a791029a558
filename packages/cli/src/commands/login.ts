import { ApiProblem, createClient } from '@cardea/api';
import { Command } from 'commander';
import { saveCredentials } from '../credentials.ts';
import { readStandardInput, terminal } from '../terminal.ts';

export const login = new Command('login')
  .description('log in to a platform and keep the session for later commands; the password is read from standard input')
  .option('--url <url>', 'address of the platform', 'http://127.0.0.1:8780')
  .requiredOption('--email <email>', 'who logs in')
  .option('--code <code>', 'code of the authenticator app, or a recovery code, where a second factor is turned on')
  .action(async ({ url, email, code }: { url: string; email: string; code?: string }) => {
    if (process.stdin.isTTY) terminal.note('Password, then Ctrl-D:');
    const password = await readStandardInput();
    const session = await createClient({ baseUrl: url })
      .call('session.create', { body: { email, password, ...(code !== undefined && { code }) } })
      .catch(explain);
    terminal.note(`Logged in as ${session.user.email}; the session is kept in ${await saveCredentials({ url, token: session.token })}`);
  });

/** Says what is wrong with a login; whatever else went wrong says so itself. */
function explain(problem: unknown): never {
  if (!(problem instanceof ApiProblem) || problem.status !== 401) throw problem;
  const halfway = problem.details?.secondFactor === true;
  throw new Error(halfway ? 'the code is missing or not right; add --code CODE' : 'the e-mail address or the password is not right');
}
