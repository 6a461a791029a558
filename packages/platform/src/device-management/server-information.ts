import type { Clock } from '@cardea/core';
import {
  extensionMessages,
  type getServerInformation,
  type ParamsOf,
  type ResultOf,
  type VrAccess,
  vdLimits,
  type WakeService,
} from '@cardea/protocol';
import type { TokenIssuer } from '../tokens/token-issuer.ts';
import type { DeviceRow } from './device-records.ts';
import type { ServerAddresses } from './ports.ts';

export interface ServerInformationOptions {
  readonly servers: ServerAddresses;
  readonly tokens: TokenIssuer;
  /** How the radio of a device that sleeps stays reachable; `undefined`: it cannot be woken. */
  readonly wakeService: (holder: { readonly deviceId: string; readonly epoch: number }) => WakeService | undefined;
  readonly clock: Clock;
  /** Names this process among the servers of the platform. */
  readonly serverId: string;
  readonly version: string;
  readonly maxSegmentBytes: number;
}

const VR_TOKEN_TTL_MS = 60 * 60_000;

/** Tells devices the addresses and limits of the platform (B5.2). */
export class ServerInformation {
  private readonly options: ServerInformationOptions;

  constructor(options: ServerInformationOptions) {
    this.options = options;
  }

  async answer({ services }: ParamsOf<typeof getServerInformation>, device: DeviceRow): Promise<ResultOf<typeof getServerInformation>> {
    const { clock, maxSegmentBytes, serverId, servers, version } = this.options;
    const { vdUrls, vmUrls, vrBaseUrl } = servers.addresses();
    const wanted = (service: 'vd' | 'vm' | 'vr' | 'wake'): boolean => services?.includes(service) ?? true;
    const bound = device.home_id !== null;
    const sleeps = bound && device.low_power === 1 && wanted('wake');
    const wake = sleeps ? this.options.wakeService({ deviceId: device.id, epoch: device.binding_epoch }) : undefined;
    return {
      serverId,
      serverTime: clock.now(),
      version,
      services: {
        ...(wanted('vd') && { vd: [...vdUrls] }),
        ...(wanted('vm') && bound && { vm: [...vmUrls] }),
        ...(wanted('vr') && bound && { vr: await this.vrAccess(device, vrBaseUrl) }),
        ...(wake && { wake }),
      },
      limits: { maxMessageBytes: vdLimits.maxMessageBytes, maxSegmentBytes, eventsPerMin: vdLimits.eventsPerMin },
      features: Object.keys(extensionMessages),
    };
  }

  private async vrAccess(device: DeviceRow, baseUrl: string): Promise<VrAccess> {
    const { token, expiresAt } = await this.options.tokens.mint(
      'vr',
      { deviceId: device.id, epoch: device.binding_epoch },
      VR_TOKEN_TTL_MS,
    );
    return { baseUrl, token, tokenExpiresAt: expiresAt };
  }
}
