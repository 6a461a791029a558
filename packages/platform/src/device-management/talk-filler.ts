import { type AudioCodec, conforms, type ParamsOf, startTalking } from '@cardea/protocol';
import type { DeviceProof } from '../authorization/proof.ts';
import type { CommandFiller } from './user-commands.ts';

const { properties } = startTalking.params;

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
    const { channel, sessionId, codec, sampleRate } = params;
    // What is wrong with the params is told by their schema.
    const isComplete =
      conforms(properties.channel, channel) &&
      conforms(properties.sessionId, sessionId) &&
      conforms(properties.codec, codec) &&
      conforms(properties.sampleRate, sampleRate);
    if (!missing.includes('source') || !isComplete) return {};
    return { source: await sourceFor(proof, { channel, sessionId, format: { codec, sampleRate } }) };
  };
}
