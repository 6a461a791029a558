import { expect, type Page, test } from '@playwright/test';
import { eventually } from '../e2e/eventually.ts';
import { BrowserCamera, type WhipTarget } from '../support/browser-camera.ts';
import { type PlatformProcess, startPlatformProcess } from '../support/platform-process.ts';
import { expectMovingPicture } from './moving-picture.ts';

let platform: PlatformProcess;

test.beforeAll(async () => {
  platform = await startPlatformProcess();
});

test.afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
});

/** Publishes a drawing that moves, as any WHIP encoder does. */
async function publish(page: Page, target: WhipTarget): Promise<number> {
  await page.setContent('<canvas width="640" height="360"></canvas>');
  return await page.evaluate(async ({ url, token }) => {
    const canvas = document.querySelector('canvas');
    const context = canvas?.getContext('2d');
    if (canvas === null || context === null || context === undefined) throw new Error('no canvas');
    let turn = 0;
    setInterval(() => {
      context.fillStyle = `hsl(${turn} 80% 60%)`;
      context.fillRect(0, 0, 640, 360);
      context.fillStyle = 'white';
      context.fillRect((turn * 7) % 600, (turn * 3) % 320, 80, 80);
      turn += 3;
    }, 40);
    const peer = new RTCPeerConnection();
    const [track] = canvas.captureStream(25).getVideoTracks();
    if (track === undefined) throw new Error('no track');
    const transceiver = peer.addTransceiver(track, { direction: 'sendonly' });
    const { codecs = [] } = RTCRtpSender.getCapabilities('video') ?? {};
    transceiver.setCodecPreferences(codecs.filter(({ mimeType }) => mimeType === 'video/H264'));
    await peer.setLocalDescription();
    const headers = { 'content-type': 'application/sdp', authorization: `Bearer ${token}` };
    const answer = await fetch(url, { method: 'POST', headers, body: peer.localDescription?.sdp ?? '' });
    if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
    await peer.setRemoteDescription({ type: 'answer', sdp: await answer.text() });
    return answer.status;
  }, target);
}

test('what a browser publishes over WebRTC is watched by another one, who joins between two key frames', async ({ page, context }) => {
  const { owner } = platform;
  const { device, wanted } = new BrowserCamera(owner.url);
  await device.start();
  try {
    await device.bind((await owner.client.call('bindingCode.create', { params: { id: owner.homeId }, body: {} })).code);
    await eventually('a known camera', async () => {
      const { items } = await owner.client.call('device.list');
      return items.find(({ capabilities }) => capabilities !== null);
    });
    const live = owner.client.call('live.create', { params: { id: device.id }, body: { channel: 1, stream: 'main' } });
    expect(await publish(page, await wanted)).toBe(201);
    const { urls } = await live;
    const viewer = await context.newPage();
    await viewer.setContent('<video muted autoplay playsinline width="640" height="360"></video>');
    await viewer.evaluate(async (address) => {
      const peer = new RTCPeerConnection();
      peer.addTransceiver('video', { direction: 'recvonly' });
      peer.ontrack = ({ track }) => {
        const video = document.querySelector('video');
        if (video !== null) video.srcObject = new MediaStream([track]);
      };
      await peer.setLocalDescription();
      const headers = { 'content-type': 'application/sdp' };
      const answer = await fetch(address, { method: 'POST', headers, body: peer.localDescription?.sdp ?? '' });
      await peer.setRemoteDescription({ type: 'answer', sdp: await answer.text() });
    }, urls.whep ?? '');
    await expectMovingPicture(viewer.locator('video'));
  } finally {
    await device.stop();
  }
});
