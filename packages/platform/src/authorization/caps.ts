import { AppError } from '@cardea/core';

interface Cap {
  /** What there are at most so many of. */
  readonly of: string;
  /** How whoever meets it makes room. */
  readonly remedy: string;
  /** Unless `limits.` + its name is set. */
  readonly most: number;
}

/** Of everything that people make there is a most, so that nobody fills the store for others. Settings are `limits.` + name. */
export const caps = {
  homesPerUser: { most: 200, of: 'homes one user owns', remedy: 'delete a home or hand one over' },
  membersPerHome: { most: 200, of: 'members of a home', remedy: 'remove a member' },
  invitationsPerHome: { most: 50, of: 'open invitations to a home', remedy: 'take one back' },
  devicesPerHome: { most: 25_000, of: 'devices of a home', remedy: 'remove a device' },
  bindingCodesPerHome: { most: 100, of: 'unused binding codes of a home', remedy: 'wait ten minutes, or use one' },
  sharesPerHome: { most: 500, of: 'links of a home that work', remedy: 'end a link' },
  lockedSegmentsPerHome: { most: 20_000, of: 'locked recordings of a home', remedy: 'unlock some' },
  firmwareImagesPerHome: { most: 200, of: 'firmware images of a home', remedy: 'do with those that are there' },
  firmwareBytesPerHome: { most: 10_737_418_240, of: 'bytes of firmware images of a home', remedy: 'do with those that are there' },
  tokensPerUser: { most: 100, of: 'API tokens of one user', remedy: 'delete a token' },
  passkeysPerUser: { most: 20, of: 'passkeys of one user', remedy: 'delete a passkey' },
  keysPerMember: { most: 8, of: 'recipient keys of a member', remedy: 'withdraw a key' },
} as const satisfies Readonly<Record<string, Cap>>;

export type CapName = keyof typeof caps;

/** The most of each, as it is set. */
export type Caps = Readonly<Record<CapName, number>>;

export const defaultCaps = Object.fromEntries(Object.entries(caps).map(([name, { most }]) => [name, most])) as Caps;

/**
 * That `more` of something fit beside those that are `present`.
 * @throws AppError LIMIT_EXCEEDED saying which setting is reached and what to do
 */
export function assertRoomFor(name: CapName, { [name]: most }: Caps, present: number, more = 1): void {
  if (present + more <= most) return;
  const { of, remedy } = caps[name];
  const message = `${most} ${of} are the most there may be: ${remedy}, or have whoever runs the platform raise limits.${name}`;
  throw new AppError('LIMIT_EXCEEDED', { limit: `limits.${name}`, most }, { message });
}
