import { once } from 'node:events';
import { WebSocket } from 'ws';
import { LightFleet, type StormReport } from '../../support/light-fleet.ts';
import { answerRequests } from './requests.ts';

/** Many light devices, or bare clients, in a process of their own. */
export type FleetRequests = {
  /** Connects so many more devices. */
  connect: [{ readonly url: string; readonly count: number }, null];
  /** So many devices send keep-alives, each the next when it has the answer to the last. */
  ping: [{ readonly count: number; readonly forMs: number }, { readonly roundTrips: number }];
  /** The same load on a bare WebSocket server. */
  echo: [{ readonly url: string; readonly count: number; readonly forMs: number }, { readonly roundTrips: number }];
  /** So many bare connections, 64 at a time, with one echo each; they stay open. */
  floor: [{ readonly url: string; readonly count: number }, { readonly elapsedMs: number }];
  /** All lose their connection at once; resolves when all are back. */
  storm: [null, StormReport];
  /** Each sends a keep-alive a second from now on. */
  startPings: [null, null];
  /** How long those took, in ms. */
  stopPings: [null, readonly number[]];
};

const CONNECTING_AT_ONCE = 64;
/** As long as a small keep-alive on the wire. */
const ECHO_TEXT = JSON.stringify({ jsonrpc: '2.0', id: 1_000_000, method: 'device.keepAlive', params: { seq: 1_000, uptimeSec: 86_400 } });

const fleet = new LightFleet();

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
  let left = count;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const send = await echoSender(url);
      await send();
    }
  };
  await Promise.all(Array.from({ length: CONNECTING_AT_ONCE }, worker));
  return { elapsedMs: performance.now() - startedMs };
}

answerRequests<FleetRequests>({
  connect: async ({ url, count }) => {
    await fleet.connect(url, count);
    return null;
  },
  ping: async ({ count, forMs }) => {
    let seq = 1;
    const senders = fleet.devices.slice(0, count).map((device) => () => device.keepAlive(seq++));
    return { roundTrips: await forSome(forMs, senders) };
  },
  echo: async ({ url, count, forMs }) => {
    const senders = await Promise.all(Array.from({ length: count }, () => echoSender(url)));
    return { roundTrips: await forSome(forMs, senders) };
  },
  floor: ({ url, count }) => floor(url, count),
  storm: () => fleet.storm(),
  startPings: async () => {
    fleet.startPings();
    return null;
  },
  stopPings: () => fleet.stopPings(),
});
