import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@cardea/api';
import {
  type FleetFault,
  type FleetProfile,
  type FleetRunOptions,
  type FleetState,
  fleetFaults,
  fleetProfiles,
  startFleet,
} from '@cardea/device';
import { Command, InvalidArgumentError, Option } from 'commander';
import { terminal } from '../terminal.ts';
import { untilStopped } from '../until-stopped.ts';

interface Flags {
  readonly platform: string;
  readonly count: number;
  readonly bindingCode: readonly string[];
  readonly token?: string;
  readonly home?: string;
  readonly profile: readonly FleetProfile[];
  readonly fault: readonly FleetFault[];
  readonly record: FleetRunOptions['recording'];
  readonly state?: string;
  readonly spread?: number;
  readonly logLevel: NonNullable<FleetRunOptions['logLevel']>;
}

const MAX_COUNT = 10_000;
const STARTS_PER_SEC = 5;
const PROGRESS_MS = 2_000;
const ALARM_EVERY_MS = 60_000;

export const deviceSimulate = new Command('simulate')
  .description('run a fleet of simulated devices in this process')
  .requiredOption('--platform <url>', 'address of the platform')
  .requiredOption('--count <n>', 'how many devices', wholeNumber(1, MAX_COUNT))
  .option('--binding-code <code...>', 'binds a device at its first start; one code for each device', [])
  .option('--token <token>', 'session or API token with which a binding code is made for each device that has none')
  .option('--home <id>', 'home of the devices bound with --token (default: the first one)')
  .option('--profile <names>', `what the devices are, in turn: ${fleetProfiles.join(', ')}`, listOf(fleetProfiles), ['camera'])
  .option('--fault <name...>', `what goes wrong on purpose: ${fleetFaults.join(', ')}`, collected(listOf(fleetFaults)), [])
  .addOption(new Option('--record <mode>', 'what they record to the platform').choices(['off', 'event', 'continuous']).default('off'))
  .option('--state <dir>', 'keeps the devices for another run; without it they are gone at the end')
  .option('--spread <sec>', 'they start within this time (default: five a second)', wholeNumber(0, 3_600))
  .option('--log-level <level>', 'debug, info, warn, error or silent', 'error')
  .action(async (flags: Flags) => {
    await using stack = new AsyncDisposableStack();
    const stateDirectory =
      flags.state ?? stack.adopt(await mkdtemp(join(tmpdir(), 'cardea-fleet-')), (path) => rm(path, { recursive: true, force: true }));
    const fleet = stack.use(
      startFleet({
        platformUrl: flags.platform,
        count: flags.count,
        stateDirectory,
        profiles: flags.profile,
        faults: flags.fault,
        bindingCode: codesOf(flags),
        recording: flags.record,
        spreadMs: (flags.spread ?? Math.ceil(flags.count / STARTS_PER_SEC)) * 1_000,
        alarmEveryMs: ALARM_EVERY_MS,
        logLevel: flags.logLevel,
      }),
    );
    terminal.print(`A fleet of ${flags.count} is starting`);
    let shown = '';
    const progress = setInterval(() => {
      const line = describe(fleet.state);
      if (line !== shown) terminal.note(line);
      shown = line;
    }, PROGRESS_MS);
    await untilStopped(terminal);
    clearInterval(progress);
    terminal.print(describe(fleet.state));
  });

function describe({ wanted, started, failed, bound, online, asleep, alarms, cuts, lostAnswers, delays }: FleetState): string {
  const parts = [`${started} of ${wanted} started`, `${bound} bound`, `${online} online`, `${asleep} asleep`, `${alarms} alarms`];
  const troubles = { failed, 'connections cut': cuts, 'answers lost': lostAnswers, 'exchanges delayed': delays };
  return [...parts, ...Object.entries(troubles).flatMap(([name, count]) => (count > 0 ? [`${count} ${name}`] : []))].join(', ');
}

/** The codes given, then codes made with the token; a device for which there is neither starts unbound. */
function codesOf({ bindingCode, home, platform, token }: Flags): FleetRunOptions['bindingCode'] {
  let homeId: Promise<string> | undefined;
  const client = token === undefined ? undefined : createClient({ baseUrl: new URL(platform).origin, token });
  return async (index) => {
    if (client === undefined || bindingCode[index] !== undefined) return bindingCode[index];
    homeId ??= home === undefined ? client.call('home.list', {}).then(({ items }) => firstOf(items)) : Promise.resolve(home);
    const { code } = await client.call('bindingCode.create', { params: { id: await homeId }, body: {} });
    return code;
  };
}

function firstOf(homes: readonly { readonly id: string }[]): string {
  const [home] = homes;
  if (home === undefined) throw new Error('the token belongs to nobody with a home');
  return home.id;
}

function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < min || value > max)
      throw new InvalidArgumentError(`a whole number from ${min} to ${max} is wanted`);
    return value;
  };
}

function listOf<T extends string>(known: readonly T[]): (text: string) => readonly T[] {
  return (text) =>
    text.split(',').map((name) => {
      const found = known.find((candidate) => candidate === name);
      if (found === undefined) throw new InvalidArgumentError(`there is no ${name}; there are ${known.join(', ')}`);
      return found;
    });
}

function collected<T>(parse: (text: string) => readonly T[]): (text: string, before: readonly T[]) => readonly T[] {
  return (text, before) => [...before, ...parse(text)];
}
