import { Counter, Gauge, type Registry } from 'prom-client';

export interface Measured {
  readonly http: { readonly headroom: { readonly memoryShare: number; readonly refused: number }; readonly droppedConnections: number };
  readonly connections: { readonly connectionCount: number; readonly pendingCalls: number };
  /** Where this process has live media. */
  readonly here: MeasuredMedia | undefined;
  /** What this process shows over TLS. */
  readonly certificates: { state(): { readonly expiresAt: number } } | undefined;
}

interface MeasuredMedia {
  readonly live: {
    snapshot(): {
      readonly streams: number;
      readonly sessions: number;
      readonly viewers: number;
      readonly bytesIn: number;
      readonly bytesOut: number;
      readonly skips: number;
      readonly tooSlow: number;
    };
  };
  readonly talks: { readonly count: number };
}

/** Puts what the services count under `/metrics`; read when asked for. Base units, no user or address as label. */
export function registerMetrics(registry: Registry, { certificates, connections, here, http }: Measured): void {
  const gauge = (name: string, help: string, read: () => number): void => {
    registry.registerMetric(
      new Gauge({
        name,
        help,
        registers: [],
        collect() {
          this.set(read());
        },
      }),
    );
  };
  const counter = (name: string, help: string, read: () => number): void => {
    registry.registerMetric(
      new Counter({
        name,
        help,
        registers: [],
        collect() {
          this.reset();
          this.inc(read());
        },
      }),
    );
  };
  gauge('cardea_device_connections', 'Devices connected to this process', () => connections.connectionCount);
  gauge('cardea_device_pending_calls', 'Requests to devices that wait for an answer', () => connections.pendingCalls);
  gauge('cardea_memory_used_ratio', 'Part of the memory it may have that this process uses', () => http.headroom.memoryShare);
  counter('cardea_requests_refused_total', 'Requests turned away for want of memory', () => http.headroom.refused);
  counter('cardea_connections_dropped_total', 'Connections dropped for want of descriptors or memory', () => http.droppedConnections);
  if (certificates !== undefined) {
    const expiresAt = (): number => certificates.state().expiresAt / 1_000;
    gauge('cardea_certificate_expires_timestamp_seconds', 'Unix time at which the certificate ends', expiresAt);
  }
  if (here === undefined) return;
  const { live, talks } = here;
  gauge('cardea_live_streams', 'Streams that devices publish now', () => live.snapshot().streams);
  gauge('cardea_live_sessions', 'Sessions that watch', () => live.snapshot().sessions);
  gauge('cardea_live_viewers', 'Open connections of viewers', () => live.snapshot().viewers);
  gauge('cardea_talk_sessions', 'Sessions in which somebody may talk through a device', () => talks.count);
  counter('cardea_live_received_bytes_total', 'Media bytes received from devices', () => live.snapshot().bytesIn);
  counter('cardea_live_sent_bytes_total', 'Media bytes sent to viewers', () => live.snapshot().bytesOut);
  counter('cardea_live_skips_total', 'Times a slow viewer was moved on to the next key frame', () => live.snapshot().skips);
  counter('cardea_live_too_slow_total', 'Viewers closed because they could not keep up', () => live.snapshot().tooSlow);
}
