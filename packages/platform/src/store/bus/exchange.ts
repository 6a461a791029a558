/** What the processes of one platform ask of and tell each other, beside the messages of the bus. Bodies are plain data. */
export interface Exchange {
  /** Sends `body` to every other process that listens. It is lost where nobody does. */
  announce(subject: string, body: unknown): void;
  listen(subject: string, onBody: (body: unknown) => void): Disposable;
  /**
   * Answers requests on `subject`; where several processes do, one of them gets each request. Disposal lets requests that
   * are on their way still be answered.
   */
  serve(subject: string, answer: (body: unknown) => Promise<unknown>): Disposable;
  /** @throws AppError NOT_FOUND when nobody serves `subject` | NO_CAPACITY while the others cannot be reached | TIMEOUT | CANCELLED | what the other process threw */
  request(subject: string, body: unknown, options: ExchangeOptions): Promise<unknown>;
  /** Calls `onReturn` when the way to the others was lost and is back: what was announced meanwhile did not arrive. */
  watchReturn(onReturn: () => void): Disposable;
}

export interface ExchangeOptions {
  readonly timeoutMs: number;
  /** Aborting stops waiting; the other process may still act. */
  readonly signal?: AbortSignal;
}
