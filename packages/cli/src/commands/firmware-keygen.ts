import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { terminal } from '../terminal.ts';

export const firmwareKeygen = new Command('keygen')
  .description('make the key pair with which firmware is signed: keep FILE secret, put FILE.pub on the devices')
  .argument('<file>', 'file of the private key; an existing one is never replaced')
  .action(async (file: string) => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    await writeFile(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' });
    await writeFile(`${file}.pub`, publicKey.export({ type: 'spki', format: 'pem' }), { flag: 'wx' });
    terminal.print(`${file}.pub`);
  });
