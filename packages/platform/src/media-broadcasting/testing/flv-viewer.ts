import { get, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { type AccessUnit, FlvDemuxer, FlvSplitter, type Track } from '@cardea/media';

/** A player that reads HTTP-FLV and keeps what comes. */
export class FlvViewer {
  readonly tracks: (readonly Track[])[] = [];
  readonly units: AccessUnit[] = [];
  readonly pieces: Buffer[] = [];
  readonly headers: IncomingHttpHeaders;
  isClosed = false;
  readonly response: IncomingMessage;
  private readonly splitter = new FlvSplitter();
  private readonly demuxer = new FlvDemuxer({
    onTracks: (tracks) => this.tracks.push(tracks),
    onUnits: (units) => this.units.push(...units),
  });

  private constructor(response: IncomingMessage) {
    this.response = response;
    this.headers = response.headers;
    response.on('data', (bytes: Buffer) => {
      this.pieces.push(bytes);
      for (const tag of this.splitter.push(bytes)) this.demuxer.push(tag);
    });
    response.on('error', () => {});
    response.on('close', () => {
      this.isClosed = true;
    });
  }

  /** @throws the HTTP status as an Error when it is not 200 */
  static async open(url: string, { bearer }: { readonly bearer?: string } = {}): Promise<FlvViewer> {
    const headers = bearer === undefined ? {} : { authorization: `Bearer ${bearer}` };
    const response = await new Promise<IncomingMessage>((resolve, reject) =>
      get(url, { headers, agent: false }, resolve).once('error', reject),
    );
    if (response.statusCode === 200) return new FlvViewer(response);
    response.resume();
    throw new Error(String(response.statusCode));
  }

  get media(): Buffer {
    return Buffer.concat(this.pieces);
  }

  /** Pictures received so far. */
  get pictures(): readonly AccessUnit[] {
    return this.units.filter(({ trackId }) => trackId === 1);
  }

  close(): void {
    this.response.destroy();
  }
}
