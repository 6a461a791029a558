import { acceptsMembers, snapshot, snapshotLimits } from '@cardea/protocol';
import type { PictureTickets } from './ports.ts';
import type { CommandFiller } from './user-commands.ts';

const areGiven = acceptsMembers(snapshot, ['taskId', 'channel', 'count', 'intervalMs']);
/** Ten pictures may be minutes apart; the last one still has to find its ticket valid. */
const SPARE_MS = 2 * snapshotLimits.ticketTtlMs;

/**
 * A user who names no place for a picture gets a single one in the answer; several, or one that is not to be inline, go to the
 * snapshots of the device.
 */
export function snapshotFiller(pictures: PictureTickets): CommandFiller {
  return async ({ proof: { deviceId, homeId }, params, missing }) => {
    const { inline } = params;
    // What is wrong with the params is told by their schema.
    if (inline === true || !missing.includes('uploads') || !areGiven(params)) return {};
    const { taskId, channel, count = 1, intervalMs = 0 } = params;
    if (count === 1 && inline === undefined) return { inline: true };
    const ttlMs = SPARE_MS + Math.min(intervalMs, MAX_INTERVAL_MS) * count;
    return { uploads: await pictures.tickets({ purpose: 'task', ownerId: taskId, homeId, deviceId, channel, count, ttlMs }) };
  };
}

const MAX_INTERVAL_MS = 60_000;
