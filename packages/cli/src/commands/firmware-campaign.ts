import { createClient } from '@cardea/api';
import { Command, InvalidArgumentError } from 'commander';
import { findCredentials } from '../credentials.ts';
import { terminal } from '../terminal.ts';

interface Flags {
  readonly url?: string;
  readonly token?: string;
}

interface StartFlags extends Flags {
  readonly device?: string[];
  readonly canary?: number;
  readonly waves?: number[];
  readonly haltAt?: number;
}

function parseNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('a number is wanted');
  return value;
}

const start = new Command('start')
  .description('roll firmware out to your devices in waves; prints the campaign as JSON')
  .argument('<firmware>', 'id of the firmware, as cardea firmware upload prints it')
  .option('--device <id...>', 'only these devices; default: every device of the model that you manage')
  .option('--canary <count>', 'devices that go first, alone (default 1)', parseNumber)
  .option('--waves <shares>', 'share of the other devices reached after each wave, in % (default 10,50,100)', (text) =>
    text.split(',').map(parseNumber),
  )
  .option('--halt-at <pct>', 'share of failures in one wave that halts the campaign, in % (default 3)', parseNumber)
  .option('--url <url>', 'address of the platform')
  .option('--token <token>', 'session or API token')
  .action(async (firmwareId: string, { device, canary, waves, haltAt, ...flags }: StartFlags) => {
    const { url, token } = await findCredentials(flags);
    const body = {
      firmwareId,
      ...(device !== undefined && { deviceIds: device }),
      ...(canary !== undefined && { canary }),
      ...(waves !== undefined && { waves }),
      ...(haltAt !== undefined && { haltAtFailurePct: haltAt }),
    };
    terminal.printJson(await createClient({ baseUrl: url, token }).call('campaign.create', { body }));
  });

const show = new Command('show')
  .description('print how far a campaign is, as JSON')
  .argument('<campaign>', 'id of the campaign')
  .option('--url <url>', 'address of the platform')
  .option('--token <token>', 'session or API token')
  .action(async (id: string, flags: Flags) => {
    const { url, token } = await findCredentials(flags);
    terminal.printJson(await createClient({ baseUrl: url, token }).call('campaign.get', { params: { id } }));
  });

const list = new Command('list')
  .description('print the newest campaigns as JSON, newest first')
  .option('--url <url>', 'address of the platform')
  .option('--token <token>', 'session or API token')
  .action(async (flags: Flags) => {
    const { url, token } = await findCredentials(flags);
    terminal.printJson((await createClient({ baseUrl: url, token }).call('campaign.list')).items);
  });

const stop = new Command('stop')
  .description('halt a campaign: devices that were asked go on, no others are asked; prints it as JSON')
  .argument('<campaign>', 'id of the campaign')
  .option('--url <url>', 'address of the platform')
  .option('--token <token>', 'session or API token')
  .action(async (id: string, flags: Flags) => {
    const { url, token } = await findCredentials(flags);
    terminal.printJson(await createClient({ baseUrl: url, token }).call('campaign.stop', { params: { id } }));
  });

export const firmwareCampaign = new Command('campaign')
  .description('roll firmware out in waves')
  .addCommand(start)
  .addCommand(list)
  .addCommand(show)
  .addCommand(stop);
