import type { Camera } from '@cardea/device';

export const BLIND_MODEL = 'Blind camera';

/** A camera whose lens never sees anything: light enough for many in one process. */
export function createBlindCamera(serial: string): Camera {
  return {
    about: { vendor: 'Test', model: BLIND_MODEL, productId: 'blind', serial, firmware: '1.0.0' },
    channels: [
      {
        channel: 1,
        name: 'Nothing',
        streams: [
          {
            name: 'main',
            video: { codec: 'h264', width: 640, height: 360, fps: 10, kbps: 100 },
            gopSec: 2,
            read: (_receiver, { signal }) => new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true })),
          },
        ],
        detections: [],
      },
    ],
    power: () => ({ present: false, source: 'mains' }),
    [Symbol.asyncDispose]: async () => {},
  };
}
