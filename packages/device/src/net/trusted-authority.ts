import { createHash } from 'node:crypto';
import { connect, type DetailedPeerCertificate, getCACertificates, setDefaultCACertificates } from 'node:tls';
import { AppError } from '@cardea/core';

/** Has this process trust one more authority, PEM, for whatever it connects to. */
export function trustAuthority(pem: string): void {
  setDefaultCACertificates([...getCACertificates('default'), pem]);
}

/**
 * The certificate, PEM, with this SHA-256 among those a server shows.
 * @throws AppError UNAUTHORIZED when none has it; GOING_AWAY when the server cannot be reached
 */
export async function authorityShownBy(origin: string, fingerprint: string, { signal }: { readonly signal: AbortSignal }): Promise<string> {
  const { hostname, port } = new URL(origin);
  const wanted = fingerprint.replaceAll(':', '').toLowerCase();
  const shown = await new Promise<DetailedPeerCertificate>((resolve, reject) => {
    const host = hostname.replace(/^\[(.*)\]$/, '$1');
    // Nothing is sent before the certificate was compared with what the owner of the device was given.
    const socket = connect({ host, port: Number(port) || 443, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate(true));
      socket.destroy();
    });
    signal.addEventListener('abort', () => socket.destroy(new Error('took too long')), { once: true });
    socket.once('error', (cause) => reject(new AppError('GOING_AWAY', undefined, { cause, message: 'the platform cannot be reached' })));
  });
  const found = chainOf(shown).find(({ raw }) => createHash('sha256').update(raw).digest('hex') === wanted);
  if (found === undefined) {
    throw new AppError('UNAUTHORIZED', undefined, { message: 'the platform shows no certificate with this fingerprint' });
  }
  return `-----BEGIN CERTIFICATE-----\n${(found.raw.toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n-----END CERTIFICATE-----\n`;
}

function chainOf(certificate: DetailedPeerCertificate): readonly DetailedPeerCertificate[] {
  const { issuerCertificate } = certificate;
  const isLast = issuerCertificate === undefined || issuerCertificate.fingerprint256 === certificate.fingerprint256;
  return isLast ? [certificate] : [certificate, ...chainOf(issuerCertificate)];
}
