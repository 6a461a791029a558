import { acceptsMembers, liveTimers, type PushTarget, pushLiveVideo, type StreamName } from '@cardea/protocol';
import type { DeviceProof } from '../authorization/proof.ts';
import type { CommandFiller } from './user-commands.ts';

const areGiven = acceptsMembers(pushLiveVideo, ['channel', 'stream', 'ttlSec']);

/** The session in which a device publishes a stream to this platform, for `ttlSec` even if nobody watches. */
export type LivePushes = (
  proof: DeviceProof,
  wanted: { readonly channel: number; readonly stream: StreamName; readonly ttlSec: number },
) => Promise<{ readonly sessionId: string; readonly target: PushTarget }>;

/** A user who names no place for live video has it pushed to this platform, in the session that all viewers share. */
export function livePushFiller(sessionOf: LivePushes): CommandFiller {
  return async ({ proof, params, missing }) => {
    const wanted = { ttlSec: liveTimers.ttlDefaultSec, ...params };
    // What is wrong with the params is told by their schema.
    if (!missing.includes('target') || !areGiven(wanted)) return {};
    return await sessionOf(proof, wanted);
  };
}
