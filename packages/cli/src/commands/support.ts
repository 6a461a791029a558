import { type BodyOf, createClient, type RouteOf, supportActions } from '@cardea/api';
import { Command, InvalidArgumentError, Option } from 'commander';
import { findCredentials } from '../credentials.ts';
import { terminal } from '../terminal.ts';

interface Flags {
  readonly url?: string;
  readonly token?: string;
}

type Request = BodyOf<RouteOf<'support.create'>>;

interface GrantFlags extends Flags, Pick<Request, 'hours' | 'reason'> {
  readonly allow: Request['actions'];
  readonly device: string[];
}

function parseHours(text: string): number {
  const hours = Number(text);
  if (!Number.isInteger(hours) || hours < 1 || hours > 24) throw new InvalidArgumentError('1 to 24 is wanted');
  return hours;
}

const grant = new Command('grant')
  .description('let somebody who runs the platform into a home of yours for a while; prints what they may as JSON')
  .argument('<home>', 'home id')
  .argument('<email>', 'their address')
  .requiredOption('--reason <text>', 'what they are to look at; everybody of the home sees it')
  .addOption(new Option('--allow <actions...>', 'what they may do').choices(supportActions).default(['view.live']))
  .option('--device <id...>', 'with these devices alone', ['*'])
  .option('--hours <count>', 'for how long, 1 to 24', parseHours, 4)
  .option('--url <url>', 'address of the platform')
  .option('--token <token>', 'token of your login; API tokens let nobody in')
  .action(async (id: string, email: string, { allow, device, hours, reason, ...flags }: GrantFlags) => {
    const { url, token } = await findCredentials(flags);
    const body = { email, actions: allow, devices: device, hours, reason };
    terminal.printJson(await createClient({ baseUrl: url, token }).call('support.create', { params: { id }, body }));
  });

const list = new Command('list')
  .description('print who of the platform is in your homes right now, as JSON')
  .option('--url <url>', 'address of the platform')
  .option('--token <token>', 'session or API token')
  .action(async (flags: Flags) => {
    const { url, token } = await findCredentials(flags);
    const { items } = await createClient({ baseUrl: url, token }).call('home.list');
    terminal.printJson(
      items.flatMap(({ id: homeId, name: homeName, support = [] }) => support.map((access) => ({ homeId, homeName, ...access }))),
    );
  });

const end = new Command('end')
  .description('end what somebody who runs the platform may do in a home, at once')
  .argument('<home>', 'home id')
  .argument('<user>', 'their user id, as cardea support list prints it')
  .option('--url <url>', 'address of the platform')
  .option('--token <token>', 'session or API token')
  .action(async (id: string, userId: string, flags: Flags) => {
    const { url, token } = await findCredentials(flags);
    await createClient({ baseUrl: url, token }).call('member.delete', { params: { id, userId } });
  });

export const support = new Command('support')
  .description('let whoever runs the platform look into a home, for a while')
  .addCommand(grant)
  .addCommand(list)
  .addCommand(end);
