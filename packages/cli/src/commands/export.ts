import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ApiProblem, createClient } from '@cardea/api';
import { Command, InvalidArgumentError, Option } from 'commander';
import { findCredentials } from '../credentials.ts';
import { ProgressLine } from '../progress-line.ts';
import { terminal } from '../terminal.ts';

interface Flags {
  readonly from?: number;
  readonly to?: number;
  readonly channel: number;
  readonly stream: 'main' | 'sub' | 'third';
  readonly out?: string;
  readonly url?: string;
  readonly token?: string;
}

function parseInstant(text: string): number {
  const instant = /^\d{12,14}$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isNaN(instant)) throw new InvalidArgumentError('a time like 2026-01-01T12:00:00Z is wanted, or Unix milliseconds');
  return instant;
}

export const exportCase = new Command('export')
  .description('save what a camera recorded as a case: the files with what proves them, for cardea verify; prints the name of the file')
  .argument('<device>', 'id of the camera')
  .option('--from <time>', 'default: an hour before the end', parseInstant)
  .option('--to <time>', 'default: now; at most a day after the beginning', parseInstant)
  .option('--channel <number>', 'lens of the camera', Number, 1)
  .addOption(new Option('--stream <stream>', 'rendition').choices(['main', 'sub', 'third']).default('main'))
  .option('--out <file>', 'default: as the platform names it, here')
  .option('--url <url>', 'address of the platform')
  .option('--token <token>', 'session or API token')
  .action(async (id: string, { out, from, to, channel, stream, ...flags }: Flags) => {
    const { url, token } = await findCredentials(flags);
    const query = { channel, stream, ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
    const address = createClient({ baseUrl: url, token }).urlOf('case.export', { params: { id }, query });
    const response = await fetch(address, { headers: { authorization: `Bearer ${token}` } });
    if (!response.ok || response.body === null) throw await ApiProblem.fromResponse(response);
    const [, named] = /filename="([\w.-]+)"/.exec(response.headers.get('content-disposition') ?? '') ?? [];
    const path = out ?? named ?? `${id}.tar`;
    await save(response.body, path);
    terminal.print(path);
  });

/** Writes what comes to a new file, saying how much there is so far. */
async function save(body: NonNullable<Response['body']>, path: string): Promise<void> {
  using line = new ProgressLine();
  const counted = async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let bytes = 0;
    for await (const chunk of chunks) {
      bytes += chunk.byteLength;
      line.show(`${(bytes / 1e6).toFixed(1)} MB`);
      yield chunk;
    }
  };
  try {
    await pipeline(Readable.fromWeb(body), counted, createWriteStream(path, { flags: 'wx', mode: 0o600 }));
  } catch (error) {
    const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    // Half a case is none.
    if (!exists) await rm(path, { force: true });
    throw error;
  }
}
