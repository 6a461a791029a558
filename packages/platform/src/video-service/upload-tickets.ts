import { AppError, type Clock, type Random } from '@cardea/core';
import { paths, type UploadTicket, vrTimers } from '@cardea/protocol';
import type { UrlSigner } from '../tokens/url-signer.ts';

export const UPLOADS_PATH = `${paths.vr}/uploads`;

/** What an upload ticket allows: bytes for one segment, while the binding it was made under lasts. */
export interface UploadRight {
  readonly maxBytes: number;
  /** Binding epoch. */
  readonly epoch: number;
}

export interface UploadTicketsOptions {
  readonly signer: UrlSigner;
  readonly clock: Clock;
  readonly random: Random;
  /** Origin under which devices reach this platform. */
  readonly publicUrl: () => string;
}

/** Makes and checks the addresses devices upload to. */
export class UploadTickets {
  private readonly signer: UrlSigner;
  private readonly clock: Clock;
  private readonly random: Random;
  private readonly publicUrl: () => string;

  constructor({ signer, clock, random, publicUrl }: UploadTicketsOptions) {
    this.signer = signer;
    this.clock = clock;
    this.random = random;
    this.publicUrl = publicUrl;
  }

  issue(segmentId: string, { maxBytes, epoch }: UploadRight): UploadTicket {
    const expiresAt = this.clock.now() + vrTimers.uploadTicketTtlMs;
    const ticketId = this.random.ulid();
    const fields = { ticket: ticketId, maxBytes: String(maxBytes), epoch: String(epoch) };
    const url = this.publicUrl().replace(/\/$/, '') + this.signer.sign(`${UPLOADS_PATH}/${segmentId}`, fields, expiresAt);
    return { ticketId, method: 'PUT', url, headers: { 'content-type': 'video/mp4' }, expiresAt, maxBytes };
  }

  /** @throws AppError FORBIDDEN when the address was not made here for this segment; TICKET_EXPIRED */
  verify(segmentId: string, query: URLSearchParams): UploadRight {
    try {
      const fields = this.signer.verify(`${UPLOADS_PATH}/${segmentId}`, query);
      return { maxBytes: Number(fields.maxBytes), epoch: Number(fields.epoch) };
    } catch (error) {
      if (error instanceof AppError && error.status === 'TICKET_EXPIRED') throw error;
      throw new AppError('FORBIDDEN', undefined, { cause: error });
    }
  }
}
