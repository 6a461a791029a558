/** One event of a `text/event-stream`. */
export interface ServerSentEvent {
  readonly type: string;
  readonly data: string;
}

const MAX_EVENT_CHARS = 1_048_576;

/**
 * Cuts a text stream into events; feed it chunks as they come. Comments and unknown fields are skipped.
 * @see HTML Living Standard 9.2.6, interpreting an event stream
 */
export class SseParser {
  private rest = '';
  private type = '';
  private data: string[] = [];
  private idBuffer = '';
  private id = '';

  /** The id to resume after: of the last event, or of a later line that carried an id alone. */
  get lastEventId(): string {
    return this.id;
  }

  /** Events completed by this chunk. @throws RangeError when one event grows beyond 1 Mi characters */
  push(chunk: string): readonly ServerSentEvent[] {
    this.rest += chunk;
    // A lone CR at the end may be the first half of CRLF.
    const cut = this.rest.endsWith('\r') ? this.rest.length - 1 : this.rest.length;
    const lines = this.rest.slice(0, cut).split(/\r\n|\n|\r/);
    this.rest = (lines.pop() ?? '') + this.rest.slice(cut);
    const events = lines.map((line) => this.takeLine(line)).filter((event) => event !== undefined);
    if (this.rest.length + this.data.reduce((sum, line) => sum + line.length, 0) > MAX_EVENT_CHARS) throw new RangeError('event too large');
    return events;
  }

  private takeLine(line: string): ServerSentEvent | undefined {
    if (line === '') return this.dispatch();
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') this.type = value;
    else if (field === 'data') this.data.push(value);
    else if (field === 'id' && !value.includes('\0')) this.idBuffer = value;
    return undefined;
  }

  private dispatch(): ServerSentEvent | undefined {
    const { type, data } = this;
    this.type = '';
    this.data = [];
    this.id = this.idBuffer;
    return data.length === 0 ? undefined : { type: type || 'message', data: data.join('\n') };
  }
}
