/** What the wake channel needs of the rest of the platform. */

export type Presence = 'online' | 'suspect' | 'asleep' | 'offline';

/** Who is reachable. */
export interface SleepPresence {
  presenceOf(deviceId: string): Presence;
  /** The radio of a device was heard; after `silentMs` without another sign the device is offline. */
  heardSleeping(deviceId: string, silentMs: number): void;
  watch(onChange: (change: { readonly deviceId: string; readonly presence: Presence }) => void): Disposable;
}
