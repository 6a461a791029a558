import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { answerRequests } from '../gateway/requests.ts';

export interface PlayerReport {
  readonly bytes: number;
  readonly requests: number;
  /** Players that got no part for two seconds. */
  readonly stalled: number;
}

/** A process of players, each on one connection that stays open: a playlist, the part it ends with, the next playlist. */
export type PlayerRequests = {
  /** Players of low-latency HLS, which wait in the request for a playlist. */
  live: [{ readonly urls: readonly string[] }, null];
  /** As many who ask for `{number}.m3u8` and `{number}.m4s` in turn, all at the same times, as if these had just been made. */
  files: [{ readonly origin: string; readonly players: number; readonly count: number; readonly everyMs: number }, null];
  measure: [{ readonly forMs: number }, PlayerReport];
  /** What one player gets in `count` rounds after the first `before`, in Base64, and how long a round takes. */
  record: [
    { readonly url: string; readonly before: number; readonly count: number },
    { readonly rounds: readonly { readonly playlist: string; readonly part: string }[]; readonly everyMs: number },
  ];
};

const STALLED_MS = 2_000;
const HEAD_END = Buffer.from('\r\n\r\n');
/** The newest part, and the one that is to come. */
const ending = /#EXT-X-PART:[^\n]*URI="([^"]+)"[^\n]*\n(?:(?!#EXT-X-PART:).*\n)*#EXT-X-PRELOAD-HINT:TYPE=PART,URI="part-(\d+)-(\d+)\./;

let bytes = 0;
let requests = 0;
const connections: Connection[] = [];

/** One request after another; what is not needed of an answer is only counted. */
class Connection {
  readonly origin: URL;
  partAtMs = performance.now();
  private readonly socket: Socket;
  private pieces: Buffer[] = [];
  private leftBytes: number | undefined;
  private onAnswer: (body: () => Buffer) => void = () => {};

  private constructor(socket: Socket, origin: URL) {
    this.socket = socket;
    this.origin = origin;
    socket.on('data', (piece) => this.receive(piece));
    socket.on('error', () => {});
  }

  static async open(url: string): Promise<Connection> {
    const origin = new URL(url);
    const socket = connect(Number(origin.port), origin.hostname);
    await once(socket, 'connect');
    const connection = new Connection(socket, origin);
    connections.push(connection);
    return connection;
  }

  get(path: string, onAnswer: (body: () => Buffer) => void): void {
    requests += 1;
    this.onAnswer = onAnswer;
    this.socket.write(`GET ${path} HTTP/1.1\r\nHost: ${this.origin.host}\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n`);
  }

  private receive(piece: Buffer): void {
    bytes += piece.length;
    let body = piece;
    if (this.leftBytes === undefined) {
      const end = piece.indexOf(HEAD_END);
      const head = piece.toString('latin1', 0, end);
      if (!head.startsWith('HTTP/1.1 200')) throw new Error(head);
      this.leftBytes = Number(/content-length: (\d+)/i.exec(head)?.[1]);
      this.pieces = [];
      body = piece.subarray(end + HEAD_END.length);
    }
    this.pieces.push(body);
    this.leftBytes -= body.length;
    if (this.leftBytes > 0) return;
    this.leftBytes = undefined;
    const { pieces } = this;
    this.onAnswer(() => Buffer.concat(pieces));
  }
}

function play(connection: Connection, onRound: (playlist: Buffer, part: () => Buffer) => void = () => {}): void {
  const { pathname, search } = connection.origin;
  const directory = pathname.slice(0, pathname.lastIndexOf('/') + 1);
  const next = (query: string): void =>
    connection.get(pathname + search + query, (body) => {
      const playlist = body();
      const [, part = '', sequence, number] = ending.exec(playlist.toString('latin1')) ?? [];
      connection.get(directory + part, (bytesOfPart) => {
        connection.partAtMs = performance.now();
        onRound(playlist, bytesOfPart);
        next(`&_HLS_msn=${sequence}&_HLS_part=${number}`);
      });
    });
  next('');
}

answerRequests<PlayerRequests>({
  live: async ({ urls }) => {
    for (const url of urls) play(await Connection.open(url));
    return null;
  },
  files: async ({ origin, players, count, everyMs }) => {
    const all: Connection[] = [];
    for (let player = 0; player < players; player += 1) all.push(await Connection.open(origin));
    let round = 0;
    setInterval(() => {
      const number = round % count;
      round += 1;
      for (const connection of all) {
        connection.get(`/${number}.m3u8`, () =>
          connection.get(`/${number}.m4s`, () => {
            connection.partAtMs = performance.now();
          }),
        );
      }
    }, everyMs);
    return null;
  },
  measure: async ({ forMs }) => {
    bytes = 0;
    requests = 0;
    await new Promise((resolve) => setTimeout(resolve, forMs));
    const stalled = connections.filter(({ partAtMs }) => performance.now() - partAtMs > STALLED_MS).length;
    return { bytes, requests, stalled };
  },
  record: async ({ url, before, count }) => {
    const rounds: { playlist: string; part: string }[] = [];
    const connection = await Connection.open(url);
    let left = before;
    let startedMs = performance.now();
    return await new Promise((resolve) =>
      play(connection, (playlist, part) => {
        left -= 1;
        if (left >= 0) startedMs = performance.now();
        else if (rounds.length < count) rounds.push({ playlist: playlist.toString('base64'), part: part().toString('base64') });
        if (rounds.length === count) resolve({ rounds, everyMs: (performance.now() - startedMs) / count });
      }),
    );
  },
});
