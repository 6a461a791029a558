/** The platform closed the connection that brought pictures. */
export class MediaEnded extends Error {
  override readonly name = 'MediaEnded';
  /** Why: a name of the error table, or a word. */
  readonly reason: string;

  /** @param code of RFC 6455 7.4.1 */
  constructor(code: number, reason: string) {
    super(`closed ${code} ${reason}`);
    this.reason = reason;
  }
}
