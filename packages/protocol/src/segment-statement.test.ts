import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { test } from 'node:test';
import { segmentStatement } from './segment-statement.ts';
import { confirmVideoSegment } from './vr/confirm-video-segment.ts';

const statement = {
  deviceId: '47z33qx1ajh62rkbz1a08vyj4w',
  channel: 1,
  stream: 'main',
  kind: 'continuous',
  clientSegmentId: '01KDVBW3GQ2T4W6Y8B0D1F3H5K',
  startAt: 1_767_227_090_000,
  endAt: 1_767_227_100_000,
  sizeBytes: 3_145_728,
  sha256: 'a4d1f0c29b6e83754f1a0d8c7e2b59366d90f4c1e8a7b3520d6f9e1c4b8a7035',
  number: 42,
  previous: '5b1e0f7a3c9d2e4866b0d1c7f3a59e20c4d8e6b17a902f3d5e8c6b4a1f09d7e3',
};

test('a statement is these bytes and no others', () => {
  assert.equal(
    segmentStatement(statement),
    'hss-open-1 video segment\n47z33qx1ajh62rkbz1a08vyj4w\n1\nmain\ncontinuous\n01KDVBW3GQ2T4W6Y8B0D1F3H5K\n1767227090000\n1767227100000\n3145728\n' +
      'a4d1f0c29b6e83754f1a0d8c7e2b59366d90f4c1e8a7b3520d6f9e1c4b8a7035\n42\n' +
      '5b1e0f7a3c9d2e4866b0d1c7f3a59e20c4d8e6b17a902f3d5e8c6b4a1f09d7e3\n',
  );
  assert.match(segmentStatement({ ...statement, number: 0, previous: undefined }), /\n0\n-\n$/);
});

test('the example of the confirmation is signed with the key it names', () => {
  const [chain] = confirmVideoSegment.examples.flatMap(({ body }) => body.chain ?? []);
  assert.ok(chain);
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }, format: 'jwk' });
  const signature = Buffer.from(chain.signature, 'base64url');
  assert.equal(verify(null, Buffer.from(segmentStatement(statement)), key, signature), true);
  for (const change of [{ channel: 2 }, { number: 43 }, { endAt: statement.endAt + 1 }, { previous: undefined }]) {
    assert.equal(verify(null, Buffer.from(segmentStatement({ ...statement, ...change })), key, signature), false);
  }
});
