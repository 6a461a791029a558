import { expect, type Page, test } from '@playwright/test';
import { type HomeWithCamera, startHomeWithCamera } from '../support/home-with-camera.ts';
import { expectMovingPicture } from './moving-picture.ts';

let home: HomeWithCamera;

test.beforeAll(async () => {
  home = await startHomeWithCamera();
});

test.afterAll(async () => {
  await home?.[Symbol.asyncDispose]();
});

interface Shown {
  readonly location: string;
  readonly cipher: string;
  readonly sound: string;
}

declare global {
  interface Window {
    peer: RTCPeerConnection;
    firstFrameMs: number;
  }
}

/** Watches `url` over WebRTC on a page of another origin, as any WHEP player does. */
async function watch(page: Page, url: string): Promise<Shown> {
  await page.setContent('<video muted autoplay playsinline width="640" height="360"></video>');
  return await page.evaluate(async (address) => {
    const video = document.querySelector('video');
    if (video === null) throw new Error('no video');
    const peer = new RTCPeerConnection();
    window.peer = peer;
    peer.addTransceiver('video', { direction: 'recvonly' });
    peer.addTransceiver('audio', { direction: 'recvonly' });
    peer.ontrack = ({ track }) => {
      if (track.kind === 'video') video.srcObject = new MediaStream([track]);
    };
    const startedMs = performance.now();
    const shown = new Promise<void>((resolve) => {
      video.requestVideoFrameCallback(() => {
        window.firstFrameMs = performance.now() - startedMs;
        resolve();
      });
    });
    await peer.setLocalDescription();
    const headers = { 'content-type': 'application/sdp' };
    const answer = await fetch(address, { method: 'POST', headers, body: peer.localDescription?.sdp ?? '' });
    if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
    await peer.setRemoteDescription({ type: 'answer', sdp: await answer.text() });
    await shown;
    let cipher = '';
    for (const [, report] of await peer.getStats()) cipher = report.srtpCipher ?? cipher;
    const location = new URL(answer.headers.get('location') ?? '', address).href;
    return { location, cipher, sound: answer.headers.get('cardea-sound') ?? '' };
  }, url);
}

test('a browser that knows only the address shows a moving picture over WebRTC, enciphered with AES-GCM', async ({ page }) => {
  const { owner, deviceId } = home;
  const { urls } = await owner.client.call('live.create', { params: { id: deviceId }, body: { channel: 1, stream: 'main' } });
  const { location, cipher, sound } = await watch(page, urls.whep ?? '');
  await expectMovingPicture(page.locator('video'));
  process.stdout.write(`first picture after ${Math.round(await page.evaluate(() => window.firstFrameMs))} ms, ${cipher}\n`);
  expect(cipher).toContain('GCM');
  expect(sound).toBe('left-out; codec=aac; outputs="ws hls flv rtsp"');
  const ended = page.waitForFunction(() => window.peer.connectionState !== 'connected');
  expect(await page.evaluate(async (address) => (await fetch(address, { method: 'DELETE' })).status, location)).toBe(200);
  await ended;
});
