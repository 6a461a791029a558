import { Type } from 'typebox';
import { defineRpc } from '../message.ts';
import { described } from '../model/described.ts';
import { FwState, SignatureAlg } from '../model/fw-state.ts';
import { Instant } from '../model/instant.ts';
import { Sha256Hex } from '../model/sha256-hex.ts';
import { Ulid } from '../model/ulid.ts';
import { WebAddress } from '../model/web-address.ts';
import { firmwareTimers, queueMs } from '../timers.ts';

/** I.2.7: fetches an image, checks digest and signature, installs it (C10). Progress: `firmware.getStatus`. */
export const upgradeFirmware = defineRpc({
  method: 'firmware.upgrade',
  sender: 'platform',
  description:
    'Fetches a firmware image, checks its digest and its signature, and installs it. The answer only says that the task was taken; progress is asked with firmware.getStatus.',
  delivery: 'awake',
  queueMs: queueMs.other,
  unbound: true,
  destructive: true,
  platformFills: ['taskId', 'url', 'sizeBytes', 'sha256', 'signature', 'signatureAlg'],
  provenance: { clause: '9.3.2.2', item: 'I.2.7', status: 'title-only' },
  params: Type.Object({
    taskId: described(Ulid, 'kept across restarts'),
    version: Type.String({ minLength: 1, maxLength: 64, description: 'version of the image' }),
    url: described(WebAddress, 'https address of the image; the device asks for ranges to resume'),
    sizeBytes: Type.Integer({ minimum: 1, description: 'size of the image' }),
    sha256: Sha256Hex,
    signature: Type.Optional(
      Type.String({ maxLength: 1_024, description: 'signature over the raw image bytes, base64; without it SIGNATURE_INVALID' }),
    ),
    signatureAlg: Type.Optional(SignatureAlg),
    mode: Type.Optional(
      Type.Enum(['downloadAndInstall', 'downloadOnly', 'installDownloaded', 'cancel'] as const, {
        default: 'downloadAndInstall',
        description: 'what to do',
      }),
    ),
    notBeforeAt: Type.Optional(described(Instant, 'do not install earlier')),
    window: Type.Optional(Type.Object({ startAt: Instant, endAt: Instant }, { description: 'install only in this window' })),
    allowDowngrade: Type.Optional(Type.Boolean({ default: false, description: 'an older version is wanted' })),
    minBatteryPct: Type.Optional(
      Type.Number({ minimum: 0, maximum: 100, default: firmwareTimers.minBatteryDefaultPct, description: 'refuse below this charge' }),
    ),
    retries: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 100, default: firmwareTimers.retriesDefault, description: 'tries of the download' }),
    ),
    retryIntervalSec: Type.Optional(
      Type.Number({ minimum: 1, maximum: 86_400, default: firmwareTimers.retryIntervalDefaultSec, description: 'time between two tries' }),
    ),
    component: Type.Optional(
      Type.Enum(['system', 'mcu', 'ptz', 'ai'] as const, { default: 'system', description: 'part of the device the image is for' }),
    ),
  }),
  rules: [
    { path: '/window', message: 'must end after it starts', holds: ({ window }) => window === undefined || window.endAt > window.startAt },
  ],
  result: Type.Object({
    taskId: Ulid,
    state: FwState,
    expectedDownTimeSec: Type.Optional(Type.Number({ minimum: 0, description: 'how long the device will be away' })),
  }),
  errors: [
    'UP_TO_DATE',
    'UPGRADE_IN_PROGRESS',
    'DOWNLOAD_FAILED',
    'DIGEST_MISMATCH',
    'SIGNATURE_INVALID',
    'INSUFFICIENT_SPACE',
    'INCOMPATIBLE',
    'INSTALL_FAILED',
    'URL_INVALID',
    'CANCELLED',
    'DOWNGRADE_FORBIDDEN',
    'BOOT_CHECK_FAILED',
    'LOW_BATTERY',
    'NOT_SUPPORTED',
    'INVALID_STATE',
  ],
  examples: [
    {
      title: 'download now, install at night',
      params: {
        taskId: '01KDVAKN0ZT3J9S5F8WQ2X7CVB',
        version: '1.5.0',
        url: 'https://home.example/firmware/porch4-1.5.0.bin',
        sizeBytes: 18_874_368,
        sha256: '5b0e7d3c9a1f48266d2e90b7c4f3185ad7e6c0129b8f4a35e1d0c7b6a5948372',
        signature: 'bm90IGEgcmVhbCBzaWduYXR1cmU=',
        signatureAlg: 'ed25519',
        window: { startAt: 1_767_232_800_000, endAt: 1_767_240_000_000 },
      },
      result: { taskId: '01KDVAKN0ZT3J9S5F8WQ2X7CVB', state: 'downloading', expectedDownTimeSec: 90 },
    },
  ],
});
