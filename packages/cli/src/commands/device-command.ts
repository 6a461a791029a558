import { createClient } from '@cardea/api';
import { Command, InvalidArgumentError } from 'commander';
import { findCredentials } from '../credentials.ts';
import { terminal } from '../terminal.ts';

function parseJsonObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Falls through to the one message for everything that is no object.
  }
  throw new InvalidArgumentError('a JSON object is wanted, for example \'{"channel":1}\'');
}

export const deviceCommand = new Command('command')
  .description('send a device any message of the platform and print its result as JSON')
  .argument('<device>', 'device id')
  .argument('<method>', 'method, for example ptz.control')
  .argument('[json]', 'params of the message', parseJsonObject, {})
  .option('--url <url>', 'address of the platform')
  .option('--token <token>', 'session or API token')
  .action(async (id: string, method: string, body: Record<string, unknown>, flags: { url?: string; token?: string }) => {
    const { url, token } = await findCredentials(flags);
    const result = await createClient({ baseUrl: url, token }).call('device.command', { params: { id, method }, body });
    terminal.printJson(result);
  });
