import { AppError } from '@cardea/core';
import type { UploadTicket } from '@cardea/protocol';
import { secureAddress } from './secure-address.ts';

/** Puts bytes at a ticket. Never follows a redirect. @throws AppError TICKET_EXPIRED | UPLOAD_FAILED */
export async function putObject(bytes: Uint8Array, ticket: UploadTicket, type: string, signal: AbortSignal): Promise<void> {
  const headers = { 'content-type': type, ...ticket.headers };
  const body = new Blob([Buffer.from(bytes)], { type });
  const response = await fetch(secureAddress(ticket.url), { method: ticket.method, headers, body, redirect: 'manual', signal }).catch(
    (cause: unknown) => {
      throw new AppError('UPLOAD_FAILED', undefined, { cause });
    },
  );
  await response.body?.cancel();
  if (response.status === 401 || response.status === 403) throw new AppError('TICKET_EXPIRED', { httpStatus: response.status });
  if (!response.ok) throw new AppError('UPLOAD_FAILED', { httpStatus: response.status });
}
