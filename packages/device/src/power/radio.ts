import { connect, isIP, type Socket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import { Backoff, type Clock, type Logger, type Random, sleep } from '@cardea/core';
import { backoffDefaults, sleepTimers, type WakeService } from '@cardea/protocol';

export interface RadioOptions {
  readonly service: WakeService;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** `woken`: the wake bytes came. `lost`: the wake service cannot be reached. `stopped`: told to stop. */
export type RadioEnd = 'woken' | 'lost' | 'stopped';

const CONNECT_TIMEOUT_MS = 10_000;

/**
 * The small controller that stays on while the rest of the device sleeps: it holds the wake connection, sends what it was
 * given, and compares what comes. It understands none of it.
 * @see profile hss-open-1 B2.1 (wake block) and C11
 */
export class Radio {
  private readonly options: RadioOptions;

  constructor(options: RadioOptions) {
    this.options = options;
  }

  /** Listens until the device has to wake or `signal` aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<RadioEnd> {
    const { clock, logger, random } = this.options;
    const backoff = new Backoff({ baseMs: backoffDefaults.baseMs, maxMs: backoffDefaults.capMs, random: () => random.fraction() });
    while (!signal.aborted) {
      const openedMs = clock.monotonicMs();
      if (await this.listen(signal)) return 'woken';
      if (clock.monotonicMs() - openedMs >= backoffDefaults.stableAfterMs) backoff.reset();
      if (signal.aborted) break;
      if (backoff.attempts >= sleepTimers.reconnectTries) return 'lost';
      logger.debug({}, 'the wake connection was lost');
      await sleep(clock, backoff.next(), { signal }).catch(() => {});
    }
    return 'stopped';
  }

  /** One connection. Resolves when it is over; true when the wake bytes came on it. */
  private async listen(signal: AbortSignal): Promise<boolean> {
    const { clock, service } = this.options;
    const socket = this.open();
    const over = Promise.withResolvers<boolean>();
    const wake = new ByteMatch(Buffer.from(service.wakeB64, 'base64'));
    const end = (): void => void socket.destroy();
    socket.on('error', end);
    socket.on('close', () => over.resolve(false));
    socket.on('data', (bytes) => wake.found(bytes) && over.resolve(true));
    signal.addEventListener('abort', end, { once: true });
    using connecting = new DisposableStack();
    connecting.use(clock.setTimer(CONNECT_TIMEOUT_MS, end));
    socket.once(service.transport === 'tls' ? 'secureConnect' : 'connect', () => {
      connecting[Symbol.dispose]();
      socket.write(Buffer.from(service.authB64, 'base64'));
    });
    const beating = new AbortController();
    void this.beat(socket, AbortSignal.any([signal, beating.signal]));
    try {
      return await over.promise;
    } finally {
      beating.abort();
      signal.removeEventListener('abort', end);
      end();
    }
  }

  private open(): Socket {
    const { host, port, transport } = this.options.service;
    if (transport === 'tcp') return connect({ host, port });
    // RFC 6066 clause 3: an address is no server name. It is compared with the certificate all the same.
    return connectSecurely({ host, port, ...(isIP(host) === 0 && { servername: host }) });
  }

  private async beat(socket: Socket, signal: AbortSignal): Promise<void> {
    const { clock, service } = this.options;
    while (!signal.aborted) {
      await sleep(clock, service.heartbeatSec * 1_000, { signal }).catch(() => {});
      if (!signal.aborted) socket.write(Buffer.from(service.heartbeatB64, 'base64'));
    }
  }
}

/** Finds a byte string in what comes piece by piece. */
class ByteMatch {
  private readonly wanted: Buffer;
  private tail: Buffer = Buffer.alloc(0);

  constructor(wanted: Buffer) {
    this.wanted = wanted;
  }

  found(bytes: Buffer): boolean {
    const seen = Buffer.concat([this.tail, bytes]);
    this.tail = seen.subarray(Math.max(0, seen.length - this.wanted.length + 1));
    return this.wanted.length > 0 && seen.includes(this.wanted);
  }
}
