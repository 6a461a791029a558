import { DEVICE_ID_PARAMETER } from '@cardea/protocol';

/** The address of an access server with our id, which it may already hold. */
export function vdAddress(url: string, deviceId: string): string {
  const address = new URL(url);
  address.searchParams.set(DEVICE_ID_PARAMETER, deviceId);
  return address.href;
}
