import type { LiveSession } from '@cardea/api';
import type { Clock, Logger, Random } from '@cardea/core';
import type { HttpServer, TlsPair } from '../http/http-server.ts';
import type { ListenAddress } from '../listen-address.ts';
import type { DeviceChannels, MediaCounters, MediaHeadroom, PrincipalFromRequest } from './ports.ts';
import type { RtmpPorts } from './rtmp/rtmp-ingest.ts';
import type { ViewSession } from './view-session.ts';
import type { ViewerAdmission } from './viewer-admission.ts';

/** The ports besides that of HTTP on which media come and go; `undefined`: off. */
export interface MediaPorts {
  readonly rtmp: RtmpPorts;
  readonly rtsp: ListenAddress | undefined;
  /** RTSP over TLS; `certificate` reads what is shown to begin with. */
  readonly rtsps: (ListenAddress & { readonly certificate: () => Promise<TlsPair> }) | undefined;
  /** First and last of the UDP ports of which viewers over RTSP get two. */
  readonly rtspUdp: readonly [number, number];
  /** One UDP port for all of WebRTC, and the IPv4 address at which it is reached from outside, '' for none. */
  readonly webrtc: { readonly listen: ListenAddress; readonly publicAddress: string } | undefined;
}

/** What every output may use. */
export interface LiveOutputContext {
  readonly admission: ViewerAdmission;
  readonly channels: DeviceChannels;
  readonly principalFromRequest: PrincipalFromRequest;
  /** Origin under which users reach this server, `http` or `https`, without a slash at the end. */
  readonly publicUrl: () => string;
  readonly ports: MediaPorts;
  readonly counters: MediaCounters;
  readonly headroom: MediaHeadroom;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/**
 * One way to watch besides WebSocket, which is always there: it takes its requests, admits viewers by `ViewerAdmission` and
 * serves them from the broadcast.
 */
export interface LiveOutput {
  /** Its name among the addresses of a live session. */
  readonly name: Exclude<keyof LiveSession['urls'], 'ws'>;
  /** Takes requests on `http` from now on; called before the port is opened. */
  start(http: HttpServer): void;
  /** Opens a port of its own, once that of HTTP is open. One that is taken is a warning, and the output stays off. */
  openPort?(): Promise<void>;
  /** Shows another certificate from the next connection on, on a port of its own. */
  useCertificate?(pair: TlsPair): void;
  /** Where the user of `session` watches, with the token in it; `undefined` while the output is off. */
  addressOf(session: ViewSession, token: string): string | undefined;
  /** Ends what it has open of its own; the sessions of its viewers have ended before. */
  close?(): Promise<void>;
}
