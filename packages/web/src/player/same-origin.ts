/**
 * The address of a WebSocket as seen from this page, whatever name the platform was asked under: pages may connect to their own
 * host only.
 */
export function sameOrigin(address: string): string {
  const { pathname, search } = new URL(address);
  const url = new URL(pathname + search, location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}
