import { existsSync } from 'node:fs';
import { drainNode, loadConfig } from '@cardea/platform';
import { Command } from 'commander';
import { terminal } from '../terminal.ts';

interface Flags {
  readonly node: string;
  readonly bus?: string;
  readonly config?: string;
}

const DEFAULT_FILE = 'cardea.yaml';

export const drain = new Command('drain')
  .description('have one process of a platform move its devices, live streams and viewers to the others and end')
  .requiredOption('--node <id>', 'name of the process')
  .option('--bus <url>', 'NATS server that joins the processes of the platform')
  .option('--config <file>', 'configuration file (default cardea.yaml if it is there)')
  .action(async ({ bus, config: given, node }: Flags) => {
    const file = given ?? (existsSync(DEFAULT_FILE) ? DEFAULT_FILE : undefined);
    await drainNode(loadConfig({ flags: { 'bus.url': bus }, env: process.env, ...(file !== undefined && { file }) }), node);
    terminal.print(`${node} has no devices left and ends`);
  });
