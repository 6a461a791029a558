import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer as createSecureServer } from 'node:tls';
import { cipherOrder } from '../../../packages/platform/src/http/tls/cipher-order.ts';

/**
 * What Node itself costs: every viewer gets the same ready buffer, and nothing else happens. Arguments: bytes, milliseconds, and for
 * TLS the folder of `key.pem` and `cert.pem`. Prints its port.
 */
const [sizeBytes, everyMs, pair] = process.argv.slice(2);
const buffer = Buffer.alloc(Number(sizeBytes));
const viewers = new Set<Socket>();

function accept(socket: Socket): void {
  viewers.add(socket.setNoDelay(true).resume());
  socket.on('error', () => {});
  socket.once('close', () => viewers.delete(socket));
}

const read = (file: string): Buffer => readFileSync(join(pair ?? '', file));
const server =
  pair === undefined
    ? createServer(accept)
    : createSecureServer({ key: read('key.pem'), cert: read('cert.pem'), ciphers: cipherOrder }, accept);
setInterval(() => {
  for (const viewer of viewers) viewer.write(buffer);
}, Number(everyMs));
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
