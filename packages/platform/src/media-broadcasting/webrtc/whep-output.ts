import { AppError } from '@cardea/core';
import type { Track } from '@cardea/media';
import type { FastifyRequest } from 'fastify';
import type { HttpServer } from '../../http/http-server.ts';
import { abortable } from '../abortable.ts';
import { leftOutOf } from '../carried-by.ts';
import { firstTracks } from '../first-tracks.ts';
import type { LiveOutput, LiveOutputContext } from '../live-output.ts';
import { livePath, parseLivePath } from '../live-path.ts';
import { PerBroadcast } from '../per-broadcast.ts';
import type { ViewSession } from '../view-session.ts';
import { credentialsOf } from '../viewer-credentials.ts';
import { type RtcAnswer, serveRtc } from './rtc-http.ts';
import type { RtcPort } from './rtc-port.ts';
import { RtcStream } from './rtc-stream.ts';
import { WhepViewing } from './whep-viewing.ts';

/** Each costs a cipher for every packet. */
const MAX_VIEWERS_PER_STREAM = 500;
const RESOURCE_BYTES = 18;

interface Offer {
  readonly url: URL;
  readonly sdp: string;
  readonly signal: AbortSignal;
}

/**
 * Watching over WebRTC: `/live/{deviceId}/{channel}/{stream}/whep`. H.264, with Opus when the camera sends that.
 * @see draft-ietf-wish-whep
 */
export class WhepOutput implements LiveOutput {
  readonly name = 'whep';
  private readonly context: LiveOutputContext;
  private readonly port: RtcPort;
  private readonly streams: PerBroadcast<RtcStream>;
  private readonly viewings = new Map<string, WhepViewing>();

  constructor(context: LiveOutputContext, port: RtcPort) {
    this.context = context;
    this.port = port;
    this.streams = new PerBroadcast((broadcast) => new RtcStream({ ...context, broadcast }));
  }

  start({ app }: HttpServer): void {
    const { logger } = this.context;
    const path = '/live/:deviceId/:channel/:stream/whep';
    serveRtc(app, { path, open: (request, offer) => this.open(request, offer), resources: this.viewings, logger });
  }

  addressOf({ claims }: ViewSession, token: string): string | undefined {
    return this.port.engine && `${this.context.publicUrl()}${livePath(claims, 'whep')}?token=${token}`;
  }

  async close(): Promise<void> {
    for (const viewing of [...this.viewings.values()]) viewing.close();
  }

  private async open(request: FastifyRequest, offer: Offer): Promise<RtcAnswer> {
    const { admission, principalFromRequest } = this.context;
    const { engine } = this.port;
    if (engine === undefined) throw new AppError('NOT_SUPPORTED', undefined, { httpStatus: 404, message: 'WebRTC is off here' });
    const credentials = credentialsOf(request.raw, offer.url, principalFromRequest);
    const { session, onClosed } = await admission.admit(credentials, parseLivePath(offer.url.pathname)?.source);
    let viewing: WhepViewing | undefined;
    try {
      const { signal } = offer;
      const broadcast = await admission.broadcastOf(session, { signal });
      const stream = this.streams.of(broadcast);
      if (stream.viewers >= MAX_VIEWERS_PER_STREAM) throw new AppError('LIMIT_EXCEEDED');
      const tracks = await firstTracks(broadcast.stream, { clock: this.context.clock, signal });
      const id = Buffer.from(this.context.random.bytes(RESOURCE_BYTES)).toString('base64url');
      const over = (): void => {
        this.viewings.delete(id);
        onClosed();
      };
      viewing = new WhepViewing({ ...this.context, id, engine, session, broadcast, stream, onClosed: over });
      this.viewings.set(id, viewing);
      return { id, sdp: await abortable(viewing.answer(offer.sdp, tracks), signal), headers: { 'cardea-sound': soundOf(tracks) } };
    } catch (error) {
      if (viewing === undefined) onClosed();
      viewing?.close();
      throw error;
    }
  }
}

/** Whether the sound of the camera goes with the pictures, and if not why, and where it is heard. */
function soundOf(tracks: readonly Track[]): string {
  const audio = tracks.find(({ kind }) => kind === 'audio');
  if (audio === undefined) return 'none';
  const [leftOut] = leftOutOf('whep', [audio]);
  return leftOut === undefined ? audio.codec : `left-out; codec=${leftOut.codec}; outputs="${leftOut.outputs.join(' ')}"`;
}
