import { acceptsMembers, type PushTarget, startPlaying } from '@cardea/protocol';
import type { DeviceProof } from '../authorization/proof.ts';
import type { CommandFiller } from './user-commands.ts';

const areGiven = acceptsMembers(startPlaying, ['channel', 'sessionId']);

/** Where the device publishes the recording of a channel as a session, which the user may watch. */
export type PlaybackTargets = (proof: DeviceProof, wanted: { readonly channel: number; readonly sessionId: string }) => Promise<PushTarget>;

/** A user who names no place for a recording gets it pushed to this platform, at `/playback/{sessionId}/ws`. */
export function playbackFiller(targetOf: PlaybackTargets): CommandFiller {
  return async ({ proof, params, missing }) => {
    // What is wrong with the params is told by their schema.
    if (!missing.includes('target') || !areGiven(params)) return {};
    return { target: await targetOf(proof, params) };
  };
}
