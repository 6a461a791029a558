import type { Action } from '@cardea/api';
import { AppError, type Clock, hasStatus, type Logger, type Random } from '@cardea/core';
import { snapshot, snapshotLimits, statusTable } from '@cardea/protocol';
import type { Authorizer } from '../authorization/authorizer.ts';
import type { DeviceProof } from '../authorization/proof.ts';
import { type PictureOwner, picturePurposes } from './picture-owner.ts';
import type { Pictures, StoredPicture } from './pictures.ts';
import type { PictureSource, SnapshotCommands } from './ports.ts';

export interface PresentPicturesOptions {
  readonly authorizer: Pick<Authorizer, 'device'>;
  readonly pictures: Pick<Pictures, 'tickets' | 'find' | 'last' | 'forgetLooksBefore'>;
  readonly commands: SnapshotCommands;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

type ViewProof = DeviceProof<'view.live'>;

/**
 * What a camera sees at present, as a picture: the last one when it is fresh enough, else a new one when the camera is
 * there to take it. A sleeping camera is left asleep.
 */
export class PresentPictures {
  private readonly options: PresentPicturesOptions;
  /** One new picture of a stream at a time, however many ask. */
  private readonly looking = new Map<string, Promise<StoredPicture>>();

  constructor(options: PresentPicturesOptions) {
    this.options = options;
  }

  /**
   * A picture at most `maxAgeMs` old, or when none can be had the last one of any age, of those the principal may see.
   * @throws AppError CHANNEL_NOT_FOUND | STREAM_NOT_FOUND | DEVICE_ASLEEP | DEVICE_OFFLINE | CAPTURE_FAILED | TIMEOUT |
   * what the device answered, in `remote`
   */
  async of(proof: ViewProof, source: PictureSource, maxAgeMs: number): Promise<StoredPicture> {
    const { clock, commands, logger, pictures } = this.options;
    const last = await pictures.last(proof, { channel: source.channel, purposes: await this.purposesFor(proof) });
    if (last !== undefined && clock.now() - last.storedAt <= maxAgeMs) return last;
    try {
      const presence = commands.presenceOf(source.deviceId);
      if (presence !== 'online') throw new AppError(presence === 'asleep' ? 'DEVICE_ASLEEP' : 'DEVICE_OFFLINE');
      await commands.assertSource(source);
      return await this.look(proof, source);
    } catch (error) {
      if (last === undefined || isMeant(error)) throw error;
      logger.debug({ err: error, deviceId: source.deviceId }, 'no new picture could be taken, the last one is shown');
      return last;
    }
  }

  /** Pictures of alarms and those somebody took take a right of their own: to see the present is not to see what was. */
  private async purposesFor({ deviceId, principal }: ViewProof): Promise<readonly PictureOwner['purpose'][]> {
    const may = async (action: Action): Promise<boolean> => {
      try {
        await this.options.authorizer.device(principal, action, deviceId);
        return true;
      } catch (error) {
        if (hasStatus(error, 'FORBIDDEN', 'NOT_FOUND')) return false;
        throw error;
      }
    };
    if (await may('view.recordings')) return picturePurposes;
    return (await may('view.events')) ? ['look', 'alarm'] : ['look'];
  }

  private look(proof: ViewProof, source: PictureSource): Promise<StoredPicture> {
    const key = `${proof.epoch}/${source.deviceId}/${source.channel}/${source.stream}`;
    const running = this.looking.get(key);
    if (running !== undefined) return running;
    const taking = this.take(proof, source).finally(() => this.looking.delete(key));
    this.looking.set(key, taking);
    return taking;
  }

  private async take(proof: ViewProof, { deviceId, channel, stream }: PictureSource): Promise<StoredPicture> {
    const { commands, pictures, random } = this.options;
    const ownerId = random.ulid();
    const wish = { homeId: proof.homeId, deviceId, purpose: 'look', ownerId, channel, count: 1 } as const;
    const uploads = await pictures.tickets({ ...wish, ttlMs: snapshotLimits.ticketTtlMs });
    const params = { taskId: ownerId, channel, stream, uploads: [...uploads] };
    const [image] = (await commands.send(deviceId, snapshot, params, { timeoutMs: snapshotLimits.timeoutMs })).images;
    const [ticket] = uploads;
    if (image?.status !== 'uploaded' || ticket === undefined) throw new AppError('CAPTURE_FAILED', { deviceCode: image?.error });
    const picture = await pictures.find(proof, ticket.ticketId);
    await pictures.forgetLooksBefore(proof, channel, picture.id);
    return picture;
  }
}

/** The camera refuses on purpose, or there is no such camera: an old picture would be no answer. */
function isMeant(error: unknown): boolean {
  if (hasStatus(error, 'CHANNEL_NOT_FOUND', 'STREAM_NOT_FOUND')) return true;
  return error instanceof AppError && (error.status === 'PRIVACY_MODE' || error.remote?.code === statusTable.PRIVACY_MODE.code);
}
