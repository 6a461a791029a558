import { createClient } from '@cardea/api';
import { Command, Option } from 'commander';
import { findCredentials } from '../credentials.ts';
import { terminal } from '../terminal.ts';

interface Flags {
  readonly url?: string;
  readonly token?: string;
  readonly name?: string;
  readonly disable?: true;
  readonly enable?: true;
}

export const deviceUpdate = new Command('update')
  .description('rename a device, keep it from connecting or let it connect again; print what it is then as JSON')
  .argument('<device>', 'device id')
  .option('--name <name>', 'its name from now on')
  .addOption(new Option('--disable', 'close its connection and refuse others').conflicts('enable'))
  .option('--enable', 'let it connect again; it is back within half an hour')
  .option('--url <url>', 'address of the platform')
  .option('--token <token>', 'session or API token')
  .action(async (id: string, { name, disable, enable, ...flags }: Flags) => {
    const { url, token } = await findCredentials(flags);
    const isToldWhether = disable ?? enable ?? false;
    const body = { ...(name !== undefined && { name }), ...(isToldWhether && { disabled: disable === true }) };
    const device = await createClient({ baseUrl: url, token }).call('device.update', { params: { id }, body });
    terminal.printJson(device);
  });
