import { createClient } from '@cardea/api';
import { Command } from 'commander';
import { findCredentials } from '../credentials.ts';

interface Flags {
  readonly url?: string;
  readonly token?: string;
}

export const firmwareDelete = new Command('delete')
  .description('remove firmware and its roll-outs from the catalogue, once no device is to install it any more')
  .argument('<firmware>', 'id of the firmware, as cardea firmware upload prints it')
  .option('--url <url>', 'address of the platform')
  .option('--token <token>', 'session or API token')
  .action(async (id: string, flags: Flags) => {
    const { url, token } = await findCredentials(flags);
    await createClient({ baseUrl: url, token }).call('firmware.delete', { params: { id } });
  });
