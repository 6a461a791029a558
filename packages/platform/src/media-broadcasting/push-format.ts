import type { AccessUnit, Track } from '@cardea/media';

/** A container with its framing, as it is written to a connection that stays open. */
export interface PushFormat {
  /** Unlike that of any other format. */
  readonly name: string;
  /** Whether it has a way to say this track; one that it has not is left out. Absent: it says them all. */
  carries?(track: Track): boolean;
  /** What viewers of these tracks must have seen before any fragment; `leftOut` are those it does not carry. */
  head(tracks: readonly Track[], leftOut: readonly Track[]): PushHead;
}

export interface PushHead {
  /** Written once, at the very beginning of a connection; may be empty. */
  readonly opening: Uint8Array;
  /** Written after `opening`; of a head that takes the place of another one only those that changed. */
  readonly messages: readonly Uint8Array[];
  /** The units as they stand on the wire, in pieces that are not changed any more. `sequence` counts fragments. */
  fragment(units: readonly AccessUnit[], sequence: number): readonly Uint8Array[];
}

/** What a viewer of `before` has to be told when `after` takes its place; `undefined` when nothing changed. */
export function newsOf(before: PushHead | undefined, after: PushHead): Uint8Array | undefined {
  if (before === undefined) return undefined;
  const changed = after.messages.filter((message, index) => Buffer.compare(message, before.messages[index] ?? Buffer.alloc(0)) !== 0);
  return changed.length === 0 ? undefined : Buffer.concat(changed);
}
