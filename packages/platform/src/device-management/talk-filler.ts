import { type AudioCodec, acceptsMembers, type ParamsOf, startTalking } from '@cardea/protocol';
import type { DeviceProof } from '../authorization/proof.ts';
import type { CommandFiller } from './user-commands.ts';

const areGiven = acceptsMembers(startTalking, ['channel', 'sessionId', 'codec', 'sampleRate']);

/** Where the device fetches what a user says in a session. */
export type TalkSources = (
  proof: DeviceProof,
  wanted: {
    readonly channel: number;
    readonly sessionId: string;
    readonly format: { readonly codec: AudioCodec; readonly sampleRate: number };
  },
) => Promise<ParamsOf<typeof startTalking>['source']>;

/** A user who names no source says what they have to say to this platform, at `/talk/{sessionId}`. */
export function talkFiller(sourceFor: TalkSources): CommandFiller {
  return async ({ proof, params, missing }) => {
    // What is wrong with the params is told by their schema.
    if (!missing.includes('source') || !areGiven(params)) return {};
    const { channel, sessionId, codec, sampleRate } = params;
    return { source: await sourceFor(proof, { channel, sessionId, format: { codec, sampleRate } }) };
  };
}
