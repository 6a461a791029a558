import type { Action, RemovedSegment, Segment, StreamEvent } from '@cardea/api';
import { AppError, hasStatus } from '@cardea/core';
import { conforms, StreamName } from '@cardea/protocol';
import type { Authorizer } from '../authorization/authorizer.ts';
import type { DeviceProof, Principal } from '../authorization/proof.ts';
import type { Db } from '../store/ports.ts';
import type { FeedMessage } from './event-feed.ts';
import type { HomeEvents } from './home-events.ts';
import type { DeviceDirectory, SegmentService } from './ports.ts';

export interface EventTranslatorOptions {
  readonly db: Db;
  readonly authorizer: Authorizer;
  readonly devices: Pick<DeviceDirectory, 'describe'>;
  readonly events: HomeEvents;
  readonly segments: Pick<SegmentService, 'segment'>;
}

/** Turns what happened into what one user may know of it, read and allowed anew for every message. */
export class EventTranslator {
  private readonly options: EventTranslatorOptions;

  constructor(options: EventTranslatorOptions) {
    this.options = options;
  }

  /** `undefined` when the message is not for this user. */
  async translate(message: FeedMessage, principal: Principal): Promise<StreamEvent | undefined> {
    try {
      return await this.describe(message, principal);
    } catch (error) {
      if (hasStatus(error, 'FORBIDDEN')) return undefined;
      if (!hasStatus(error, 'NOT_FOUND')) throw AppError.from(error);
      return message.type === 'device' ? await this.goneFrom(message, principal) : undefined;
    }
  }

  private async describe(message: FeedMessage, principal: Principal): Promise<StreamEvent | undefined> {
    const { devices, events } = this.options;
    switch (message.type) {
      case 'device': {
        const proof = await this.prove(principal, 'view.live', message);
        return proof && { type: 'device', data: await devices.describe(proof) };
      }
      case 'alarm': {
        const proof = await this.prove(principal, 'view.events', message);
        return proof && { type: 'alarm', data: await events.get(proof, message.id) };
      }
      case 'segment': {
        const proof = await this.prove(principal, 'view.recordings', message);
        return proof && { type: 'segment', data: await this.segment(proof, message.segmentId) };
      }
      case 'live': {
        const { deviceId, homeId, channel, stream, state } = message;
        const proof = await this.prove(principal, 'view.live', message);
        return proof && conforms(StreamName, stream) ? { type: 'live', data: { deviceId, homeId, channel, stream, state } } : undefined;
      }
    }
  }

  /** A device that moved to another home says nothing there about the home it left. */
  private async prove<A extends Action>(principal: Principal, action: A, message: FeedMessage): Promise<DeviceProof<A> | undefined> {
    const proof = await this.options.authorizer.device(principal, action, message.deviceId);
    return proof.homeId === message.homeId ? proof : undefined;
  }

  private async segment(proof: DeviceProof<'view.recordings'>, id: string): Promise<Segment | RemovedSegment> {
    try {
      return await this.options.segments.segment(proof, id);
    } catch (error) {
      if (hasStatus(error, 'NOT_FOUND')) return { id, deviceId: proof.deviceId, removed: true };
      throw error;
    }
  }

  /** A device left the home. Which one is told to nobody, since it may be one this user never saw. */
  private async goneFrom({ homeId, deviceId }: FeedMessage, principal: Principal): Promise<StreamEvent | undefined> {
    const device = await this.options.db.selectFrom('device').select('home_id').where('id', '=', deviceId).executeTakeFirst();
    if (device?.home_id === homeId) return undefined;
    const home = await this.options.authorizer.home(principal, 'view.live', homeId).catch((error: unknown) => {
      if (hasStatus(error, 'NOT_FOUND', 'FORBIDDEN')) return undefined;
      throw error;
    });
    return home && { type: 'reset', data: {} };
  }
}
