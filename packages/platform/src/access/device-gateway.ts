import type { IncomingMessage } from 'node:http';
import type { Writable } from 'node:stream';
import { AppError, type Clock, type Logger, TokenBuckets, WebSocketLink } from '@cardea/core';
import { closeCodes, DEVICE_ID_PARAMETER, paths, subprotocols, vdLimits, vdTimers } from '@cardea/protocol';
import { decodeJwt } from 'jose';
import { type WebSocket, WebSocketServer } from 'ws';
import { type HttpServer, refuseUpgrade, type UpgradeHandler } from '../http/http-server.ts';
import type { Db, FindRow, RowReader } from '../store/ports.ts';
import type { TokenIssuer } from '../tokens/token-issuer.ts';
import { Admission } from './admission.ts';
import { type DeviceMessageHandler, DeviceSession, type HeldToken } from './device-session.ts';
import type { SessionRegistry } from './session-registry.ts';

type Upgrade = Parameters<UpgradeHandler>[0];

/** What a device showed to open a connection. */
interface Ticket {
  readonly deviceId: string;
  readonly scheduleId: string;
  readonly scheduleExpiresAt: number;
  readonly heldToken: HeldToken;
}

export interface DeviceGatewayOptions {
  readonly registry: SessionRegistry;
  readonly handler: DeviceMessageHandler;
  readonly tokens: TokenIssuer;
  readonly db: Db;
  readonly rows: Pick<RowReader, 'prepare'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly keepAlive: { readonly intervalSec: number; readonly missed: number };
  /** Times a device may connect within ten minutes while its older connection is still open. */
  readonly maxReplacements: number;
  /** Of the devices that cannot be let in at once so many are told to come back in each second. */
  readonly returnsPerSec: number;
}

/** What holds of a device and its schedule at present. */
interface Standing {
  readonly disabled: number;
  readonly expires_at: number;
}

/**
 * The front door of Vd: turns an upgrade with a valid token into a `DeviceSession`.
 * @see H.627.2 9.2 (title only); profile hss-open-1 B3
 */
export class DeviceGateway {
  private readonly options: DeviceGatewayOptions;
  private readonly webSockets: WebSocketServer;
  private readonly replacements: TokenBuckets;
  private readonly admission: Admission;
  private readonly findStanding: FindRow<Standing>;

  constructor(options: DeviceGatewayOptions) {
    this.options = options;
    this.webSockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: vdLimits.maxMessageBytes,
      perMessageDeflate: false,
      handleProtocols: () => subprotocols.vd,
    });
    this.admission = new Admission(options);
    this.findStanding = options.rows.prepare<Standing>(standingOf(options.db).compile());
    const windowSec = vdTimers.replacementWindowMs / 1000;
    this.replacements = new TokenBuckets({ burst: options.maxReplacements, perSecond: options.maxReplacements / windowSec }, options.clock);
  }

  /** Takes the upgrades of the Vd path of `http`. */
  attach(http: HttpServer): void {
    http.onUpgrade(
      (path) => path === paths.vd,
      (upgrade) => void this.receive(upgrade),
    );
  }

  private async receive(upgrade: Upgrade): Promise<void> {
    try {
      await this.admission.run(() => this.letIn(upgrade));
    } catch (thrown) {
      this.refuse(upgrade, AppError.from(thrown));
    }
  }

  private async letIn(upgrade: Upgrade): Promise<void> {
    const { request, socket, head } = upgrade;
    // Who gave up while it waited is not worth the work.
    if (socket.destroyed) return;
    const ticket = await this.authenticate(upgrade);
    this.webSockets.handleUpgrade(request, socket, head, (webSocket) => this.open(webSocket, socket, ticket));
  }

  /** @throws AppError UNAUTHORIZED | VERSION_UNSUPPORTED | DEVICE_DISABLED | RATE_LIMITED | NO_CAPACITY */
  private async authenticate({ request, url }: Upgrade): Promise<Ticket> {
    const { registry, tokens } = this.options;
    if (!registry.admitting) throw this.admission.refusal();
    const token = bearerOf(request);
    const claims = await tokens.verify('vd', token);
    if (claims.deviceId !== url.searchParams.get(DEVICE_ID_PARAMETER)) throw new AppError('UNAUTHORIZED');
    if (!offersSubprotocol(request)) throw new AppError('VERSION_UNSUPPORTED');
    const row = this.readSchedule(claims);
    if (row.disabled === 1) throw new AppError('DEVICE_DISABLED');
    if (registry.hasConnection(claims.deviceId) && this.replacements.take(claims.deviceId) > 0) {
      throw new AppError('RATE_LIMITED', undefined, { retryAfterMs: vdTimers.replacementRetryAfterSec * 1000 });
    }
    return {
      deviceId: claims.deviceId,
      scheduleId: claims.scheduleId,
      scheduleExpiresAt: row.expires_at,
      heldToken: { epoch: claims.epoch, expiresAt: (decodeJwt(token).exp ?? 0) * 1000 },
    };
  }

  /** The binding may have changed since the token was made, so it is read again. */
  private readSchedule({ deviceId, epoch, scheduleId }: { deviceId: string; epoch: number; scheduleId: string }): Standing {
    const row = this.findStanding([deviceId, epoch, scheduleId, this.options.clock.now()]);
    if (row === undefined) throw new AppError('UNAUTHORIZED');
    return row;
  }

  private open(socket: WebSocket, wire: Writable, ticket: Ticket): void {
    const { clock, handler, keepAlive, logger, registry } = this.options;
    const link = new WebSocketLink(socket, clock, wire);
    if (!registry.admitting) {
      link.close(closeCodes.SERVICE_RESTART.code, 'the platform restarts');
      return;
    }
    const session = new DeviceSession({
      ...ticket,
      link,
      handler,
      observer: registry,
      keepAlive,
      clock,
      logger: logger.child({ deviceId: ticket.deviceId }),
    });
    registry.add(session);
    session.start();
  }

  private refuse({ socket }: Upgrade, error: AppError): void {
    if (error.status === 'INTERNAL_ERROR') this.options.logger.error({ err: error.cause }, 'a device could not be authenticated');
    const headers: Record<string, string> =
      error.retryAfterMs === undefined ? {} : { 'Retry-After': String(Math.ceil(error.retryAfterMs / 1000)) };
    refuseUpgrade(socket, error.httpStatus, headers);
  }
}

/** Parameters: device, binding epoch, schedule, now. */
function standingOf(db: Db) {
  return db
    .selectFrom('device')
    .innerJoin('schedule', 'schedule.device_id', 'device.id')
    .select(['device.disabled', 'schedule.expires_at'])
    .where('device.id', '=', '')
    .where('device.binding_epoch', '=', 0)
    .where('schedule.id', '=', '')
    .where('schedule.expires_at', '>', 0)
    .where('schedule.released_at', 'is', null);
}

function bearerOf(request: IncomingMessage): string {
  return request.headers.authorization?.match(/^Bearer ([\w.-]+)$/i)?.[1] ?? '';
}

function offersSubprotocol(request: IncomingMessage): boolean {
  const offered = request.headers['sec-websocket-protocol']?.split(',') ?? [];
  return offered.some((name) => name.trim() === subprotocols.vd);
}
