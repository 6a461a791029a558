import { readFile, writeFile } from 'node:fs/promises';
import { openKeyFile, openSegment, recipientKey } from '@cardea/media';
import { Command } from 'commander';
import { readStandardInput, terminal, wantsJson } from '../terminal.ts';

interface Flags {
  readonly key: string;
  readonly out?: string;
  readonly json?: true;
}

const INCOMPLETE = 1;

export const decrypt = new Command('decrypt')
  .description('open an encrypted recording with the key of a member; prints the name of the file; needs no platform')
  .argument('<file>', 'the recording as the platform keeps it, or as it lies in a case')
  .requiredOption('--key <file>', 'the key, as cardea recipient create makes it')
  .requiredOption('--passphrase-stdin', 'read the passphrase of the key from stdin')
  .option('--out <file>', 'default: the name of the recording with .open.mp4 at its end')
  .option('--json', 'print what the recording is as JSON')
  .addHelpText('after', '\nExit status: 0 all of it, 1 nothing, or its end is missing.')
  .action(async (path: string, { key, out = `${path.replace(/\.mp4$/, '')}.open.mp4`, json }: Flags, command: Command) => {
    const pair = await openKeyFile(await readFile(key, 'utf8'), await readStandardInput());
    const { bytes, subject, recipients, complete } = await openSegment(await readFile(path), [await recipientKey(pair)]);
    await writeFile(out, bytes, { flag: 'wx', mode: 0o600 });
    const asJson = wantsJson({ json }, command);
    terminal.print(asJson ? JSON.stringify({ out, ...subject, recipients, complete }) : out);
    if (complete) return;
    terminal.note('cardea: the end is missing: the camera was cut off there, or somebody cut the file');
    process.exitCode = INCOMPLETE;
  });
