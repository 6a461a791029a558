import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { stripTypeScriptTypes } from 'node:module';
import { chromium } from '@playwright/test';

const PAGE_FOLDER = new URL('./page/', import.meta.url);
const BROWSER_ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface RenderRequest {
  readonly sceneName: string;
  /** First frame and the one after the last. */
  readonly from: number;
  readonly to: number;
  /** JPEG quality, 0..1. */
  readonly quality: number;
  /** Takes one 1280x720 JPEG; the next frame is drawn when its promise resolves. */
  readonly onFrame: (jpeg: Buffer, frameIndex: number) => Promise<void>;
}

/** Draws the frames of one scene in a headless browser and hands them over in order. */
export async function renderFrames(request: RenderRequest): Promise<void> {
  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing, request.onFrame).catch((error: unknown) => {
      outgoing.writeHead(500).end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: BROWSER_ARGUMENTS });
  try {
    const page = await browser.newPage();
    page.on('pageerror', (error) => console.error(error));
    await page.goto(`http://127.0.0.1:${portOf(server)}/scene.html?scene=${request.sceneName}`);
    await page.evaluate(`renderFrames(${request.from}, ${request.to}, ${request.quality})`);
  } finally {
    await browser.close();
    server.close();
  }
}

async function answer(incoming: IncomingMessage, outgoing: ServerResponse, onFrame: RenderRequest['onFrame']): Promise<void> {
  const path = new URL(incoming.url ?? '/', 'http://scene').pathname;
  if (incoming.method === 'POST') {
    await onFrame(Buffer.concat(await Array.fromAsync(incoming)), Number(path.split('/').at(-1)));
    outgoing.writeHead(204).end();
  } else if (path.endsWith('.ts')) {
    const source = await readFile(new URL(`.${path}`, PAGE_FOLDER), 'utf8');
    outgoing.writeHead(200, { 'content-type': 'text/javascript' }).end(stripTypeScriptTypes(source));
  } else if (path === '/scene.html') {
    outgoing.writeHead(200, { 'content-type': 'text/html' }).end(await readFile(new URL('scene.html', PAGE_FOLDER)));
  } else {
    outgoing.writeHead(404).end();
  }
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}
