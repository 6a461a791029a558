import { AppError } from '@cardea/core';
import { getServerInformation, type VrAccess } from '@cardea/protocol';
import type { VideoServiceAccess } from '../recording/video-service-client.ts';
import type { MessageSender } from './event-queue.ts';

export interface VrAccessKeeperOptions {
  readonly call: MessageSender['call'];
  /** The platform gives no token any more over this connection: schedule anew. */
  readonly onRefused: () => void;
}

/** Where the video service is, as far as the platform has told: with the schedule, or when asked on Vd (C8, Vr 401). */
export class VrAccessKeeper implements VideoServiceAccess {
  private readonly options: VrAccessKeeperOptions;
  private present: VrAccess | undefined;
  private asking: Promise<VrAccess> | undefined;

  constructor(options: VrAccessKeeperOptions) {
    this.options = options;
  }

  get current(): VrAccess | undefined {
    return this.present;
  }

  set(access: VrAccess | undefined): void {
    this.present = access;
  }

  async renew(refused: VrAccess, signal: AbortSignal): Promise<VrAccess> {
    // Somebody else has renewed it meanwhile.
    if (this.present !== undefined && this.present.token !== refused.token) return this.present;
    const renewed = await this.ask(signal);
    if (renewed.token === refused.token) this.options.onRefused();
    return renewed;
  }

  /** Asks the access server. @throws AppError UNAUTHORIZED when it names no video service, or as `Connection.call` */
  ask(signal: AbortSignal): Promise<VrAccess> {
    this.asking ??= this.askOnce(signal).finally(() => {
      this.asking = undefined;
    });
    return this.asking;
  }

  private async askOnce(signal: AbortSignal): Promise<VrAccess> {
    const { services } = await this.options.call(getServerInformation, { services: ['vr'] }, { signal });
    if (services.vr === undefined) throw new AppError('UNAUTHORIZED', { reason: 'no video service for this device' });
    this.present = services.vr;
    return services.vr;
  }
}
