import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type CaseFault, verifyCase } from '@cardea/api';
import { Command } from 'commander';
import { NoCase, openCase } from '../case/open-case.ts';
import { terminal, wantsJson } from '../terminal.ts';

interface Flags {
  readonly device?: string;
  readonly publicKey?: string;
  readonly json?: true;
}

const FAULTY = 1;
const NO_CASE = 2;

export const verify = new Command('verify')
  .description('check an exported case: names every recording that was changed, left out or put elsewhere; needs no platform')
  .argument('<case>', 'the archive, or the folder that was in it')
  .option('--device <id>', 'the camera it has to be of; its owner reads the id in the app')
  .option('--public-key <file>', 'the key it has to be signed with: PEM, or 43 characters of base64url')
  .option('--json', 'print the report as JSON')
  .addHelpText('after', '\nExit status: 0 all is as the camera recorded it, 1 something is not, 2 it is no case.')
  .action(async (path: string, { device, publicKey, json }: Flags, command: Command) => {
    const asJson = wantsJson({ json }, command);
    try {
      const opened = await openCase(path);
      const expected = { deviceId: device, publicKey: publicKey === undefined ? undefined : await readPublicKey(publicKey) };
      const { manifestSha256, manifest } = opened;
      const report = { ...(await verifyCase(manifest, opened.files, expected)), manifestSha256 };
      if (asJson) terminal.print(JSON.stringify(report));
      else {
        const { channel, stream, from, to, segments } = manifest;
        const certain = device !== undefined || publicKey !== undefined;
        terminal.print(`camera       ${report.deviceId}${certain ? '' : ' (compare it with the id of the camera)'}`);
        terminal.print(`recorded     channel ${channel}, ${stream}, ${timeText(from)} to ${timeText(to)}`);
        terminal.print(`manifest     ${manifestSha256}`);
        terminal.print(`intact       ${report.intact} of ${segments.length}`);
        for (const fault of report.faults) terminal.print(`fault        ${faultText(fault)}`);
        if (!report.closedBefore) terminal.print('note         nothing shows what was recorded before it');
        if (!report.closedAfter) terminal.print('note         nothing shows what was recorded after it');
      }
      if (report.faults.length > 0) process.exitCode = FAULTY;
    } catch (error) {
      if (!(error instanceof NoCase)) throw error;
      terminal.note(asJson ? JSON.stringify({ message: error.message }) : `cardea: ${error.message}`);
      process.exitCode = NO_CASE;
    }
  });

/** Raw, base64url. */
async function readPublicKey(path: string): Promise<string> {
  const text = (await readFile(path, 'utf8')).trim();
  if (/^[A-Za-z0-9_-]{43}$/.test(text)) return text;
  const { x, crv } = createPublicKey(text).export({ format: 'jwk' });
  if (crv !== 'Ed25519' || x === undefined) throw new Error(`${path} is not an Ed25519 key`);
  return x;
}

function timeText(instant: number): string {
  return new Date(instant).toISOString();
}

function faultText({ kind, file = '', holds, first, last }: CaseFault): string {
  switch (kind) {
    case 'key':
      return 'the key in the case is not that of the camera, so nothing in it is proven';
    case 'changed':
      return holds === undefined ? `${file} is changed` : `${file} is changed: it holds what ${holds} has to hold`;
    case 'missing':
      return `${file} is missing`;
    case 'unlisted':
      return `${file} does not belong to the case`;
    case 'forged':
      return `${file || 'a neighbour of the case'} is not signed by the camera as the manifest says`;
    case 'unsigned':
      return `${file || 'a neighbour of the case'} is not signed, and nothing after it names it`;
    case 'absent':
      return `missing: ${first === last ? `number ${first}` : `numbers ${first} to ${last}`} of what the camera recorded${file === '' ? '' : `, before ${file}`}`;
    case 'reordered':
      return `${file} stands behind recordings that are newer`;
    case 'replaced':
      return `${file || 'what is before the case'} is not what the camera recorded there`;
    case 'restarted':
      return `the camera began anew to number its recordings${file === '' ? '' : ` with ${file}`}: nothing shows what was before`;
  }
}
