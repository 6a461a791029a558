import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A site of somebody else on this machine: every address of it answers with an empty page, and whoever came is remembered. */
export interface HostileSite extends AsyncDisposable {
  /**
   * Its origins by how near they are: at another port of `127.0.0.1`, which browsers take for the same site and send the
   * cookies of, and under another name.
   */
  readonly origins: { readonly sameSite: string; readonly crossSite: string };
  readonly port: number;
  /** Method and address of every request, in their order. */
  readonly hits: readonly string[];
}

export async function openHostileSite(): Promise<HostileSite> {
  const hits: string[] = [];
  const server = createServer((request, response) => {
    hits.push(`${request.method} ${request.url}`);
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<!doctype html><title>A page</title><body></body>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origins: { sameSite: `http://127.0.0.1:${port}`, crossSite: `http://localhost:${port}` },
    port,
    hits,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
