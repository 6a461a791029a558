import { conforms, snapshot, snapshotLimits, Ulid } from '@cardea/protocol';
import type { PictureTickets } from './ports.ts';
import type { CommandFiller } from './user-commands.ts';

const { properties } = snapshot.params;
/** Ten pictures may be minutes apart; the last one still has to find its ticket valid. */
const SPARE_MS = 2 * snapshotLimits.ticketTtlMs;

/**
 * A user who names no place for a picture gets a single one in the answer; several, or one that is not to be inline, go to the
 * snapshots of the device.
 */
export function snapshotFiller(pictures: PictureTickets): CommandFiller {
  return async ({ proof: { deviceId, homeId }, params, missing }) => {
    const { taskId, channel, count = 1, intervalMs = 0, inline } = params;
    if (inline === true || !missing.includes('uploads')) return {};
    if (count === 1 && inline === undefined) return { inline: true };
    // What is wrong with the params is told by their schema.
    if (!conforms(properties.count, count) || !conforms(properties.channel, channel) || !conforms(Ulid, taskId)) return {};
    const ttlMs = SPARE_MS + Math.min(Number(intervalMs) || 0, MAX_INTERVAL_MS) * (count ?? 1);
    return { uploads: await pictures.tickets({ purpose: 'task', ownerId: taskId, homeId, deviceId, channel, count: count ?? 1, ttlMs }) };
  };
}

const MAX_INTERVAL_MS = 60_000;
