/**
 * The address of a WebSocket as seen from this page, whatever name the platform was asked under: pages may connect to their own
 * host, and to the servers of the platform that serve live media `elsewhere`.
 */
export function socketAddress(address: string, { elsewhere }: { readonly elsewhere?: boolean | undefined }): string {
  if (elsewhere === true) return address;
  const { pathname, search } = new URL(address);
  const url = new URL(pathname + search, location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}
