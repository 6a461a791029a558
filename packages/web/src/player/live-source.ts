/** A right to watch, as long as it is renewed. */
export interface LiveTicket {
  /** Where the WebSocket opens. */
  readonly url: string;
  /** When to open another one, however well this one goes; absent: not before it ends. */
  readonly forMs?: number | undefined;
  /** Call at least every 30 s. Rejects when the right is lost. */
  renew(): Promise<void>;
  /** Gives the right back, even while the page is closing. Never rejects. */
  end(): void;
}

/** Where a player gets its pictures from. */
export interface LiveSource {
  /** `before` is why the view before ended. */
  open(options: { readonly signal: AbortSignal; readonly before: unknown }): Promise<LiveTicket>;
  /** Whether a failure of `open` stays until something else changes, so that trying again is of no use. */
  isFinal(error: unknown): boolean;
}
