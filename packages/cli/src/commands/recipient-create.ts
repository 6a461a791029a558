import { writeFile } from 'node:fs/promises';
import { createClient } from '@cardea/api';
import { makeRecipientKey, sealKeyFile } from '@cardea/media';
import { Command } from 'commander';
import { findCredentials } from '../credentials.ts';
import { readStandardInput, terminal } from '../terminal.ts';

interface Flags {
  readonly out: string;
  readonly home?: string;
  readonly name: string;
  readonly url?: string;
  readonly token?: string;
}

export const recipientCreate = new Command('create')
  .description('make a key that opens encrypted recordings; prints its public half, by which cameras encrypt')
  .requiredOption('--out <file>', 'the key, sealed with the passphrase; keep a copy: without it the recordings are lost')
  .requiredOption('--passphrase-stdin', 'read the passphrase from stdin: ten characters or more')
  .option('--home <id>', 'also adds the public half to your keys in this home')
  .option('--name <name>', 'where the key is, for people', 'File')
  .option('--url <url>', 'address of the platform')
  .option('--token <token>', 'session or API token')
  .action(async ({ out, home, name, ...flags }: Flags) => {
    const pair = await makeRecipientKey();
    // Before anything is encrypted for it.
    await writeFile(out, await sealKeyFile(pair, await readStandardInput()), { flag: 'wx', mode: 0o600 });
    const publicKey = Buffer.from(pair.publicKey).toString('base64url');
    if (home !== undefined) {
      const { url, token } = await findCredentials(flags);
      await createClient({ baseUrl: url, token }).call('recipientKey.add', { params: { id: home }, body: { publicKey, name } });
    }
    terminal.print(publicKey);
  });
