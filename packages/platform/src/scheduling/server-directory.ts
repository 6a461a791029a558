import { AppError } from '@cardea/core';
import { paths } from '@cardea/protocol';

/** Addresses of the servers a device uses, complete with their version paths. */
export interface ServerSet {
  readonly vdUrls: readonly string[];
  readonly vmUrls: readonly string[];
  readonly vrBaseUrl: string;
}

export interface ServerWish {
  readonly deviceId: string;
  /** Servers the device does not want again; a wish, since there may be no other. */
  readonly excludeServers: readonly string[];
}

/** The servers for one device. */
export interface ServerChoice extends ServerSet {
  /** Devices the access server holds already. */
  readonly deviceCount: number;
}

/** Knows the access, media and video servers and which of them a device should use. */
export interface ServerDirectory {
  /** @throws AppError NO_CAPACITY with `retryAfterMs` when no server has room for the device */
  pick(wish: ServerWish): Promise<ServerChoice>;
}

export interface LocalServersOptions {
  /** Origin under which devices reach this process, `http://` or `https://`. */
  readonly publicUrl: () => string;
  /** Whether this device fits; one that is connected already does. */
  readonly hasRoom: (deviceId: string) => boolean;
  readonly deviceCount: () => number;
}

const FULL_RETRY_AFTER_MS = 30_000;

/** The embedded form: this process is every server. */
export class LocalServers implements ServerDirectory {
  private readonly options: LocalServersOptions;

  constructor(options: LocalServersOptions) {
    this.options = options;
  }

  async pick({ deviceId }: ServerWish): Promise<ServerChoice> {
    const { deviceCount, hasRoom } = this.options;
    if (!hasRoom(deviceId)) throw new AppError('NO_CAPACITY', undefined, { retryAfterMs: FULL_RETRY_AFTER_MS });
    return { ...this.addresses(), deviceCount: deviceCount() };
  }

  addresses(): ServerSet {
    const origin = this.options.publicUrl().replace(/\/+$/, '');
    const socketOrigin = origin.replace(/^http/, 'ws');
    return { vdUrls: [socketOrigin + paths.vd], vmUrls: [socketOrigin + paths.vm], vrBaseUrl: origin + paths.vr };
  }
}
