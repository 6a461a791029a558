import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { seeded } from './seeded.ts';
import { type Unit, WebSocketUnits } from './websocket-units.ts';

/** What may happen to each WebSocket message; shares are probabilities in 0..1. */
export interface Faults {
  /** Every message is late by at least this. */
  readonly delayMs: number;
  /** Uniform addition to the delay. The order of messages stays. */
  readonly jitterMs: number;
  /** The message is delivered twice. */
  readonly duplicate: number;
  /** The message changes places with the next one of its direction. */
  readonly reorder: number;
  /** The connection ends at this message, without a close frame. */
  readonly cut: number;
  /** From this message on nothing passes either way; both ends see an open connection for `silenceMs`, then it is cut. */
  readonly halfOpen: number;
  readonly silenceMs: number;
}

export const noFaults: Faults = { delayMs: 0, jitterMs: 0, duplicate: 0, reorder: 0, cut: 0, halfOpen: 0, silenceMs: 0 };

export interface FaultCounts {
  connections: number;
  messages: number;
  duplicated: number;
  reordered: number;
  cut: number;
  silenced: number;
}

export interface FaultProxyOptions {
  readonly host: string;
  readonly port: number;
  readonly seed: number;
  readonly faults: Faults;
}

/**
 * A TCP proxy for WebSocket connections that misbehaves by chance, the same chance again for the same seed and order of
 * connections. `faults` may be replaced while it runs.
 */
export class FaultProxy implements AsyncDisposable {
  faults: Faults;
  readonly counts: FaultCounts = { connections: 0, messages: 0, duplicated: 0, reordered: 0, cut: 0, silenced: 0 };
  private readonly server: Server;
  private readonly tunnels = new Set<Tunnel>();

  private constructor({ host, port, seed, faults }: FaultProxyOptions) {
    this.faults = faults;
    this.server = createServer({ noDelay: true }, (client) => {
      this.counts.connections += 1;
      const tunnel: Tunnel = new Tunnel({
        client,
        server: connect({ host, port, noDelay: true }),
        random: seeded(seed + this.counts.connections),
        faults: () => this.faults,
        counts: this.counts,
        onEnd: () => this.tunnels.delete(tunnel),
      });
      this.tunnels.add(tunnel);
    });
  }

  static async start(options: FaultProxyOptions): Promise<FaultProxy> {
    const proxy = new FaultProxy(options);
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Cuts every connection there is, as when a line fails. */
  cutAll(): void {
    for (const tunnel of [...this.tunnels]) tunnel.cut();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cutAll();
    this.server.close();
    await once(this.server, 'close');
  }
}

interface TunnelOptions {
  readonly client: Socket;
  readonly server: Socket;
  readonly random: () => number;
  readonly faults: () => Faults;
  readonly counts: FaultCounts;
  readonly onEnd: () => void;
}

/** One proxied connection. */
class Tunnel {
  private readonly options: TunnelOptions;
  private silent = false;
  private ended = false;

  constructor(options: TunnelOptions) {
    this.options = options;
    const { client, server } = options;
    const lanes = [new Lane(server), new Lane(client)] as const;
    for (const [index, socket] of [client, server].entries()) {
      const units = new WebSocketUnits();
      const lane = lanes[index];
      socket.on('data', (chunk) => {
        for (const unit of units.push(chunk)) if (lane !== undefined) this.pass(lane, unit);
      });
      socket.on('error', () => this.cut());
      socket.on('end', () => lane?.finish());
      socket.on('close', () => this.cut());
    }
  }

  cut(): void {
    if (this.ended) return;
    this.ended = true;
    this.options.client.destroy();
    this.options.server.destroy();
    this.options.onEnd();
  }

  private pass(lane: Lane, { bytes, isMessage }: Unit): void {
    if (this.silent) return;
    const { counts, faults, random } = this.options;
    const { cut, delayMs, duplicate, halfOpen, jitterMs, reorder, silenceMs } = faults();
    const lateMs = delayMs + random() * jitterMs;
    if (!isMessage) {
      lane.send(bytes, lateMs);
      return;
    }
    counts.messages += 1;
    if (random() < cut) {
      counts.cut += 1;
      this.cut();
    } else if (random() < halfOpen) {
      counts.silenced += 1;
      this.silent = true;
      setTimeout(() => this.cut(), silenceMs);
    } else if (random() < reorder) {
      counts.reordered += 1;
      lane.hold(bytes, lateMs);
    } else {
      const times = random() < duplicate ? 2 : 1;
      counts.duplicated += times - 1;
      for (let time = 0; time < times; time += 1) lane.send(bytes, lateMs);
    }
  }
}

/** A message that waits for the next of its lane passes alone after this. */
const LONGEST_HOLD_MS = 50;

/** One direction: keeps the order of what it is given, except that a held message goes behind the one after it. */
class Lane {
  private readonly target: Socket;
  private readonly queue: { readonly dueMs: number; readonly bytes: Buffer }[] = [];
  private flushing = false;
  private ending = false;
  private held: Buffer | undefined;

  constructor(target: Socket) {
    this.target = target;
  }

  send(bytes: Buffer, lateMs: number): void {
    const { held } = this;
    this.held = undefined;
    this.queue.push({ dueMs: performance.now() + lateMs, bytes: held === undefined ? bytes : Buffer.concat([bytes, held]) });
    this.flush();
  }

  hold(bytes: Buffer, lateMs: number): void {
    if (this.held === undefined) {
      this.held = bytes;
      setTimeout(() => {
        if (this.held === bytes) this.send(Buffer.alloc(0), lateMs);
      }, LONGEST_HOLD_MS);
    } else this.send(bytes, lateMs);
  }

  /** Ends the direction behind what was sent. */
  finish(): void {
    this.ending = true;
    this.flush();
  }

  /** Writes what is due, from the front; one timer at a time, so that nothing overtakes. */
  private flush(): void {
    if (this.flushing || this.target.destroyed) return;
    for (let first = this.queue[0]; first !== undefined; first = this.queue[0]) {
      const waitMs = first.dueMs - performance.now();
      if (waitMs > 0) {
        this.flushing = true;
        setTimeout(() => {
          this.flushing = false;
          this.flush();
        }, Math.ceil(waitMs));
        return;
      }
      this.queue.shift();
      this.target.write(first.bytes);
    }
    if (this.ending) this.target.end();
  }
}
