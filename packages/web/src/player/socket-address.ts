/** Servers this page may not connect to: its policy names those that were there when it was loaded. */
const blocked = new Set<string>();
let watching = false;

/**
 * The address of a WebSocket as seen from this page, whatever name the platform was asked under: pages connect to their own host, and
 * to the servers of the platform that have live media `elsewhere`. Those that came later are reached by way of the page's own host.
 */
export function socketAddress(address: string, { elsewhere }: { readonly elsewhere?: boolean | undefined }): string {
  if (elsewhere === true) {
    watchPolicy();
    if (!blocked.has(new URL(address).origin)) return address;
  }
  const { pathname, search } = new URL(address);
  const url = new URL(pathname + search, location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}

function watchPolicy(): void {
  if (watching) return;
  watching = true;
  document.addEventListener('securitypolicyviolation', ({ blockedURI, effectiveDirective }) => {
    if (effectiveDirective === 'connect-src' && URL.canParse(blockedURI)) blocked.add(new URL(blockedURI).origin);
  });
}
