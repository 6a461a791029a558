import { createHash, createPrivateKey, sign } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { type FirmwareLabel, headerOf, labelPath } from '../firmware-label.ts';
import { terminal } from '../terminal.ts';

interface Flags {
  readonly key: string;
  readonly version?: string;
  readonly model?: string;
}

export const firmwareSign = new Command('sign')
  .description('sign a firmware image; prints the signature and writes it with version and model to IMAGE.sig.json')
  .argument('<image>', 'image file')
  .requiredOption('--key <file>', 'private key, as cardea firmware keygen makes it')
  .option('--version <version>', 'version of the image; default: what its first line says')
  .option('--model <model>', 'model it is for; default: what its first line says')
  .action(async (path: string, { key, ...given }: Flags) => {
    const image = await readFile(path);
    const privateKey = createPrivateKey(await readFile(key));
    if (privateKey.asymmetricKeyType !== 'ed25519') throw new Error(`${key} is not an Ed25519 key`);
    const signature = sign(null, image, privateKey).toString('base64');
    const sha256 = createHash('sha256').update(image).digest('hex');
    const label: FirmwareLabel = { ...headerOf(image), ...given, sha256, signature };
    await writeFile(labelPath(path), `${JSON.stringify(label, undefined, 2)}\n`);
    terminal.print(signature);
  });
