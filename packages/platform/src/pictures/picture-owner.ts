import { Channel, conforms, Ulid } from '@cardea/protocol';

export const picturePurposes = ['alarm', 'task', 'look'] as const;

/** What a picture is taken for: the `number`-th (from 1) of an alarm, of a user's task, or of one look at the present. */
export interface PictureOwner {
  readonly purpose: (typeof picturePurposes)[number];
  readonly ownerId: string;
  readonly channel: number;
  readonly number: number;
}

/** The reference an upload ticket carries for the picture. */
export function referenceOf({ purpose, ownerId, channel, number }: PictureOwner): string {
  return `${purpose}/${ownerId}/${channel}/${number}`;
}

/** `undefined` for what `referenceOf` did not make. */
export function ownerOf(reference: string): PictureOwner | undefined {
  const [, name, ownerId, channelText, numberText] = /^([a-z]+)\/(\w+)\/(\d{1,3})\/(\d{1,2})$/.exec(reference) ?? [];
  const purpose = picturePurposes.find((candidate) => candidate === name);
  const channel = Number(channelText);
  if (purpose === undefined || !conforms(Ulid, ownerId) || !conforms(Channel, channel)) return undefined;
  return { purpose, ownerId, channel, number: Number(numberText) };
}
