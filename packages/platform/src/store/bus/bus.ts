/** What parts of the platform tell each other; with several nodes it crosses processes, so it is plain data. */
export type BusMessage =
  /** Something shown about a device changed: presence, name, firmware, battery, binding. */
  | { readonly type: 'device'; readonly homeId: string; readonly deviceId: string }
  /** An alarm or device event became durable. */
  | { readonly type: 'alarm'; readonly homeId: string; readonly deviceId: string; readonly id: string }
  /** A video segment became `stored`, was locked, unlocked or deleted. */
  | { readonly type: 'segment'; readonly homeId: string; readonly deviceId: string; readonly segmentId: string }
  | {
      readonly type: 'live';
      readonly homeId: string;
      readonly deviceId: string;
      readonly channel: number;
      readonly stream: string;
      readonly state: 'starting' | 'publishing' | 'stopped' | 'error';
    }
  /** Rights ended: whoever serves this user session, user or device re-checks now. `all`, with an empty id: any may have ended. */
  | { readonly type: 'revoked'; readonly scope: 'user' | 'session' | 'device' | 'all'; readonly id: string };

export type BusTopic = BusMessage['type'];
export type BusMessageOf<T extends BusTopic> = Extract<BusMessage, { readonly type: T }>;

export interface Bus {
  /** Hands the message to every subscriber; a subscriber's failure is logged and stops no other. */
  publish(message: BusMessage): void;
  subscribe<T extends BusTopic>(topic: T, onMessage: (message: BusMessageOf<T>) => void): Disposable;
}
