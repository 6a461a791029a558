import { createPublicKey, verify } from 'node:crypto';
import { AppError } from '@cardea/core';
import { type BodyOf, type confirmVideoSegment, type SegmentLink, segmentStatement } from '@cardea/protocol';
import type { SegmentRow } from './segment-catalogue.ts';
import type { BoundDevice } from './vr-access.ts';

/**
 * Proves that the device itself says what it confirms, and where the segment stands in what it recorded; `undefined` when it says nothing.
 * @throws AppError SIGNATURE_INVALID; UNAUTHORIZED when the key of the device is not known: its next schedule brings it
 */
export function provenLink(
  device: BoundDevice,
  row: SegmentRow,
  { chain, startAt, endAt, sizeBytes, sha256 }: BodyOf<typeof confirmVideoSegment>,
): SegmentLink | undefined {
  if (chain === undefined) return undefined;
  if (device.publicKey === undefined) throw new AppError('UNAUTHORIZED', { reason: 'the public key of the device is not known' });
  const { channel, stream, kind, client_segment_id: clientSegmentId } = row;
  const { number, previous, signature } = chain;
  const subject = { deviceId: device.deviceId, channel, stream, kind, clientSegmentId, startAt, endAt, sizeBytes, sha256 };
  const statement = Buffer.from(segmentStatement({ ...subject, number, previous }));
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: device.publicKey }, format: 'jwk' });
  if (!verify(null, statement, key, Buffer.from(signature, 'base64url'))) throw new AppError('SIGNATURE_INVALID');
  // The first of a chain names none before it, and only the first.
  if ((number === 0) !== (previous === undefined)) throw new AppError('SIGNATURE_INVALID', { number });
  return chain;
}
