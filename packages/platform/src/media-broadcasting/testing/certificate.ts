import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TlsPair } from '../../http/http-server.ts';

/** Another certificate for `localhost` that nobody trusts, made by OpenSSL in `directory`. */
export function makeCertificate(directory: string): TlsPair {
  const [certificateFile, keyFile] = [join(directory, 'certificate.pem'), join(directory, 'key.pem')];
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1', '-subj', '/CN=localhost'];
  execFileSync('openssl', ['req', ...kind, '-keyout', keyFile, '-out', certificateFile], { stdio: 'ignore' });
  return { cert: readFileSync(certificateFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
}
