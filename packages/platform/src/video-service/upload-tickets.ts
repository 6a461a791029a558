import { AppError, type Clock, type Random } from '@cardea/core';
import { paths, type UploadTicket, vrTimers } from '@cardea/protocol';
import type { ObjectStore, Row } from '../store/ports.ts';
import type { UrlSigner } from '../tokens/url-signer.ts';

export const UPLOADS_PATH = `${paths.vr}/uploads`;

const CONTENT_TYPE = 'video/mp4';

/** What an upload ticket allows: bytes for one segment, while the binding it was made under lasts. */
export interface UploadRight {
  readonly maxBytes: number;
  /** Binding epoch. */
  readonly epoch: number;
}

type SegmentPlace = Pick<Row<'segment'>, 'id' | 'object_key'>;

export interface UploadTicketsOptions {
  readonly signer: UrlSigner;
  readonly clock: Clock;
  readonly random: Random;
  readonly objects: Pick<ObjectStore, 'direct'>;
  /** Origin under which devices reach this platform. */
  readonly publicUrl: () => string;
}

/** Makes and checks the addresses devices upload to. */
export class UploadTickets {
  private readonly signer: UrlSigner;
  private readonly clock: Clock;
  private readonly random: Random;
  private readonly objects: Pick<ObjectStore, 'direct'>;
  private readonly publicUrl: () => string;

  constructor({ signer, clock, random, objects, publicUrl }: UploadTicketsOptions) {
    this.signer = signer;
    this.clock = clock;
    this.random = random;
    this.objects = objects;
    this.publicUrl = publicUrl;
  }

  /** For the object store itself where devices bring their bytes there, else for this platform. */
  async issue({ id, object_key: objectKey }: SegmentPlace, { maxBytes, epoch }: UploadRight): Promise<UploadTicket> {
    const expiresAt = this.clock.now() + vrTimers.uploadTicketTtlMs;
    const ticketId = this.random.ulid();
    const ticket = { ticketId, method: 'PUT', expiresAt, maxBytes } as const;
    const { direct } = this.objects;
    if (direct !== undefined) {
      return { ...ticket, ...(await direct.address(objectKey, { uploadId: ticketId, contentType: CONTENT_TYPE, expiresAt })) };
    }
    const fields = { ticket: ticketId, maxBytes: String(maxBytes), epoch: String(epoch) };
    const url = this.publicUrl().replace(/\/$/, '') + this.signer.sign(`${UPLOADS_PATH}/${id}`, fields, expiresAt);
    return { ...ticket, url, headers: { 'content-type': CONTENT_TYPE } };
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
