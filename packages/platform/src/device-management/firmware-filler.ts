import type { FirmwareOffers } from './ports.ts';
import type { CommandFiller } from './user-commands.ts';

/**
 * A user names the version; where the image is, how large it is and who signed it stands in the catalogue. What the user says
 * beside that counts. An address that is given must be one of the catalogue, and is replaced by a fresh one.
 */
export function firmwareFiller(firmware: FirmwareOffers): CommandFiller {
  return async ({ proof: { deviceId, principal }, params }) => {
    const { version, url } = params;
    if (typeof version !== 'string' || (url !== undefined && typeof url !== 'string')) return {};
    const offer = await firmware.offerOf(principal, deviceId, { version, url });
    return { ...offer, ...params, url: offer.url };
  };
}
