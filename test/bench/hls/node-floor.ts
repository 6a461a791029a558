import { readdirSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';

/**
 * What Node itself costs: a socket server that finds the path of each request in a table and writes the answer that stands ready there,
 * and does nothing else a server has to. Argument: the folder whose files it serves. Prints its port.
 */
const [root = ''] = process.argv.slice(2);
const answers = new Map<string, Buffer>();
for (const file of readdirSync(root)) {
  const bytes = readFileSync(join(root, file));
  answers.set(`/${file}`, Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes.length}\r\n\r\n`), bytes]));
}

const server = createServer((socket) => {
  socket.setNoDelay(true).on('error', () => {});
  socket.on('data', (request) => {
    const answer = answers.get(request.toString('latin1', 4, request.indexOf(' HTTP/1.1')));
    if (answer === undefined) socket.destroy();
    else socket.write(answer);
  });
});
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
