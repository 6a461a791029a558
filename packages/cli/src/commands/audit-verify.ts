import { loadConfig, verifyAuditOfData } from '@cardea/platform';
import { Command, InvalidArgumentError } from 'commander';
import { terminal, wantsJson } from '../terminal.ts';

interface Head {
  readonly seq: number;
  readonly hash: string;
}

function parseHead(text: string): Head {
  const [, seq, hash] = /^(\d+):([0-9a-f]{64})$/.exec(text) ?? [];
  if (hash === undefined) throw new InvalidArgumentError('NUMBER:HASH is wanted, as this command prints it');
  return { seq: Number(seq), hash };
}

export const auditVerify = new Command('verify')
  .description('check that nothing in the log of who did and saw what was changed, removed or moved; works while the platform runs')
  .option('--data <dir>', 'data directory of the platform', './data')
  .option('--head <number:hash>', 'a head this command printed before: shows that nothing before it was cut off or written anew', parseHead)
  .option('--json', 'print the report as JSON')
  .action(async ({ data, head, json }: { data: string; head?: Head; json?: true }, command: Command) => {
    const report = await verifyAuditOfData(loadConfig({ flags: { data, logLevel: 'warn' } }), head);
    const asJson = wantsJson({ json }, command);
    const { entries, fault } = report;
    const lines = [`entries      ${entries}`, `head         ${report.head.seq}:${report.head.hash}`];
    if (fault !== undefined) lines.push(`fault        entry ${fault.seq} is ${fault.kind === 'cutOff' ? 'cut off' : fault.kind}`);
    terminal.print(asJson ? JSON.stringify(report) : lines.join('\n'));
    if (fault !== undefined) process.exitCode = 1;
  });
