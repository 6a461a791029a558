import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { ApiProblem, createClient } from '@cardea/api';
import { Command } from 'commander';
import { findCredentials } from '../credentials.ts';
import { readLabel } from '../firmware-label.ts';
import { terminal } from '../terminal.ts';

interface Flags {
  readonly version?: string;
  readonly model?: string;
  readonly signature?: string;
  readonly home?: string;
  readonly url?: string;
  readonly token?: string;
}

export const firmwareUpload = new Command('upload')
  .description('put a signed firmware image in the catalogue; prints it as JSON')
  .argument('<image>', 'image file; version, model and signature come from IMAGE.sig.json unless they are given')
  .option('--version <version>', 'version of the image')
  .option('--model <model>', 'model it is for')
  .option('--signature <base64>', 'Ed25519 signature over the image')
  .option('--home <id>', 'home that keeps it; default: the first you manage')
  .option('--url <url>', 'address of the platform')
  .option('--token <token>', 'session or API token')
  .action(async (path: string, flags: Flags) => {
    const { url, token } = await findCredentials(flags);
    const label = { ...(await readLabel(path)), ...flags };
    const { version, model, signature } = label;
    if (version === undefined || model === undefined || signature === undefined)
      throw new Error(`version, model and signature are wanted; use: cardea firmware sign ${path} --key FILE --version V --model M`);
    const query = { version, model, signature, ...(flags.home !== undefined && { homeId: flags.home }) };
    const { size } = await stat(path);
    const response = await fetch(createClient({ baseUrl: url, token }).urlOf('firmware.create', { query }), {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/octet-stream', 'content-length': String(size) },
      body: Readable.toWeb(createReadStream(path)),
      duplex: 'half',
    });
    if (!response.ok) throw await ApiProblem.fromResponse(response);
    terminal.printJson(await response.json());
  });
