import { AppError, type Clock, type Random } from '@cardea/core';
import { conforms, paths, Ulid, type UploadTicket } from '@cardea/protocol';
import type { UrlSigner } from '../tokens/url-signer.ts';

export const OBJECTS_PATH = `${paths.vr}/objects`;

/** What small objects there are. */
export const uploadKinds = ['snapshot', 'log'] as const;
export type UploadKind = (typeof uploadKinds)[number];

/** One object a device may put, while the binding lasts under which it was allowed. */
export interface UploadRight {
  readonly kind: UploadKind;
  readonly homeId: string;
  readonly deviceId: string;
  /** Binding epoch. */
  readonly epoch: number;
  /** What the object belongs to, e.g. an event id and a number; the maker of the ticket finds it again by this. */
  readonly reference: string;
  /** Stored with the object and sent with it later. */
  readonly contentType: string;
  readonly maxBytes: number;
}

export interface UploadTicketsOptions {
  readonly signer: UrlSigner;
  readonly clock: Clock;
  readonly random: Random;
  /** Origin under which devices reach this platform. */
  readonly publicUrl: () => string;
}

/** Makes and checks the addresses at which devices put small objects. The address holds everything: no ticket is kept here. */
export class UploadTickets {
  private readonly options: UploadTicketsOptions;

  constructor(options: UploadTicketsOptions) {
    this.options = options;
  }

  issue({ kind, homeId, deviceId, epoch, reference, contentType, maxBytes }: UploadRight, ttlMs: number): UploadTicket {
    const { clock, publicUrl, random, signer } = this.options;
    const ticketId = random.ulid();
    const expiresAt = clock.now() + ttlMs;
    const fields = { kind, home: homeId, device: deviceId, epoch: String(epoch), reference, type: contentType, maxBytes: String(maxBytes) };
    const url = publicUrl().replace(/\/$/, '') + signer.sign(`${OBJECTS_PATH}/${ticketId}`, fields, expiresAt);
    return { ticketId, method: 'PUT', url, headers: { 'content-type': contentType }, expiresAt, maxBytes };
  }

  /** @throws AppError FORBIDDEN when the address was not made here for this ticket; TICKET_EXPIRED */
  verify(ticketId: string, query: URLSearchParams): UploadRight {
    if (!conforms(Ulid, ticketId)) throw new AppError('FORBIDDEN');
    const fields = this.signedFields(ticketId, query);
    const { home = '', device = '', reference = '', type = '' } = fields;
    const kind = uploadKinds.find((candidate) => candidate === fields.kind);
    if (kind === undefined) throw new AppError('FORBIDDEN');
    const { epoch, maxBytes } = { epoch: Number(fields.epoch), maxBytes: Number(fields.maxBytes) };
    return { kind, homeId: home, deviceId: device, epoch, reference, contentType: type, maxBytes };
  }

  private signedFields(ticketId: string, query: URLSearchParams): Readonly<Record<string, string>> {
    try {
      return this.options.signer.verify(`${OBJECTS_PATH}/${ticketId}`, query);
    } catch (error) {
      if (error instanceof AppError && error.status === 'TICKET_EXPIRED') throw error;
      throw new AppError('FORBIDDEN', undefined, { cause: error });
    }
  }
}
