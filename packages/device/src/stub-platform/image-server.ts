import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Json } from './stub-vd.ts';

const { publicKey, privateKey } = generateKeyPairSync('ed25519');

/** The key the maker of the device signs with. */
export const makerKeyPem = publicKey.export({ type: 'spki', format: 'pem' }).toString();

export interface BuildOptions {
  readonly model?: string;
  readonly fault?: string;
  readonly payloadBytes?: number;
}

/** An image as a maker builds it. */
export function buildImage(version: string, { model = 'Simulated camera', fault, payloadBytes = 20_000 }: BuildOptions = {}): Buffer {
  return Buffer.concat([Buffer.from(`${JSON.stringify({ model, version, fault })}\n`), Buffer.alloc(payloadBytes, version)]);
}

/** Serves images with Range, and fails in the ways networks do. */
export class ImageServer implements AsyncDisposable {
  /** `Range` of each request, `undefined` when it asked for everything. */
  readonly ranges: (string | undefined)[] = [];
  /** Called before an answer; may answer by itself and return true. */
  onRequest: (response: ServerResponse, image: Buffer) => boolean = () => false;
  private readonly images = new Map<string, Buffer>();
  private readonly server: Server;

  private constructor() {
    this.server = createServer((request, response) => {
      const image = this.images.get(request.url ?? '');
      this.ranges.push(request.headers.range);
      if (image === undefined) return void response.writeHead(404).end();
      if (this.onRequest(response, image)) return;
      const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
      const range = start > 0 ? { 'content-range': `bytes ${start}-${image.length - 1}/${image.length}` } : {};
      response.writeHead(start > 0 ? 206 : 200, { 'content-length': image.length - start, ...range }).end(image.subarray(start));
    });
  }

  static async start(): Promise<ImageServer> {
    const images = new ImageServer();
    await new Promise<void>((resolve) => images.server.listen(0, '127.0.0.1', resolve));
    return images;
  }

  /** Puts `image` up and returns the params of firmware.upgrade for it. */
  offer(taskId: string, version: string, image: Buffer): Json {
    const path = `/${taskId}`;
    this.images.set(path, image);
    return {
      taskId,
      version,
      url: `http://127.0.0.1:${(this.server.address() as AddressInfo).port}${path}`,
      sizeBytes: image.length,
      sha256: createHash('sha256').update(image).digest('hex'),
      signature: sign(null, image, privateKey).toString('base64'),
    };
  }

  /** Replaces the bytes behind an offer. */
  swap(taskId: string, image: Buffer): void {
    this.images.set(`/${taskId}`, image);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }
}
