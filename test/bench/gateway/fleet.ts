import { once } from 'node:events';
import { WebSocket } from 'ws';
import { LightDevice } from '../../support/light-device.ts';
import { answerRequests } from './requests.ts';

/** Many light devices in a process of their own. */
export type FleetRequests = {
  /** Connects so many more devices. */
  connect: [{ readonly url: string; readonly count: number }, null];
  /** So many devices send keep-alives, each the next when it has the answer to the last. */
  ping: [{ readonly count: number; readonly forMs: number }, { readonly roundTrips: number }];
  /** The same load on a bare WebSocket server. */
  echo: [{ readonly url: string; readonly count: number; readonly forMs: number }, { readonly roundTrips: number }];
  /** So many bare connections, 64 at a time, with one echo each; all are open at the end, and closed then. */
  floor: [{ readonly url: string; readonly count: number }, { readonly elapsedMs: number }];
  /** All but `spared` lose their connection at once; resolves when all are back. The spared send a keep-alive a second meanwhile. */
  storm: [{ readonly spared: number }, StormReport];
};

export interface StormReport {
  readonly devices: number;
  /** Connections tried by the devices that were cut. */
  readonly attempts: number;
  /** From the cut until the last was back. */
  readonly lastBackMs: number;
  /** Round trips of the spared. */
  readonly pingsMs: readonly number[];
}

const CONNECTING_AT_ONCE = 64;
/** As long as a small keep-alive on the wire. */
const ECHO_TEXT = JSON.stringify({ jsonrpc: '2.0', id: 1_000_000, method: 'device.keepAlive', params: { seq: 1_000, uptimeSec: 86_400 } });

const devices: LightDevice[] = [];

async function connect(url: string, count: number): Promise<void> {
  let left = count;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const device = new LightDevice({ platformUrl: url });
      devices.push(device);
      await device.start();
    }
  };
  await Promise.all(Array.from({ length: CONNECTING_AT_ONCE }, worker));
}

async function forSome(forMs: number, senders: readonly (() => Promise<void>)[]): Promise<number> {
  const endsAtMs = performance.now() + forMs;
  let roundTrips = 0;
  await Promise.all(
    senders.map(async (send) => {
      while (performance.now() < endsAtMs) {
        await send();
        roundTrips += 1;
      }
    }),
  );
  return roundTrips;
}

async function echoSender(url: string): Promise<() => Promise<void>> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  await once(socket, 'open');
  return async () => {
    socket.send(ECHO_TEXT);
    await once(socket, 'message');
  };
}

async function floor(url: string, count: number): Promise<{ readonly elapsedMs: number }> {
  const startedMs = performance.now();
  const sockets: WebSocket[] = [];
  let left = count;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const socket = new WebSocket(url, { perMessageDeflate: false });
      sockets.push(socket);
      await once(socket, 'open');
      socket.send(ECHO_TEXT);
      await once(socket, 'message');
    }
  };
  await Promise.all(Array.from({ length: CONNECTING_AT_ONCE }, worker));
  const elapsedMs = performance.now() - startedMs;
  for (const socket of sockets) socket.terminate();
  return { elapsedMs };
}

async function storm(spared: readonly LightDevice[], cut: readonly LightDevice[]): Promise<StormReport> {
  const attemptsBefore = cut.reduce((sum, device) => sum + device.attempts, 0);
  const startedMs = performance.now();
  for (const device of cut) device.cut();
  const pingsMs: number[] = [];
  let seq = 1;
  // A cut is noticed in a later turn; until then the devices look online.
  for (let back = false; !back; back = cut.every((device) => device.online)) {
    seq += 1;
    const rounds = spared.map(async (device) => {
      const sentMs = performance.now();
      await device.keepAlive(seq);
      pingsMs.push(performance.now() - sentMs);
    });
    await Promise.all([...rounds, new Promise((resolve) => setTimeout(resolve, 1_000))]);
  }
  const attempts = cut.reduce((sum, device) => sum + device.attempts, 0) - attemptsBefore;
  return { devices: cut.length, attempts, lastBackMs: performance.now() - startedMs, pingsMs };
}

answerRequests<FleetRequests>({
  connect: async ({ url, count }) => {
    await connect(url, count);
    return null;
  },
  ping: async ({ count, forMs }) => {
    let seq = 1;
    const senders = devices.slice(0, count).map((device) => () => device.keepAlive(seq++));
    return { roundTrips: await forSome(forMs, senders) };
  },
  echo: async ({ url, count, forMs }) => {
    const senders = await Promise.all(Array.from({ length: count }, () => echoSender(url)));
    return { roundTrips: await forSome(forMs, senders) };
  },
  floor: ({ url, count }) => floor(url, count),
  storm: ({ spared }) => storm(devices.slice(0, spared), devices.slice(spared)),
});
