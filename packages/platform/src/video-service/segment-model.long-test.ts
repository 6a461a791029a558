import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startRadosgw } from '../store/objects/fixtures/radosgw.ts';
import { parseS3Address } from '../store/objects/s3/s3-address.ts';
import { S3Bucket } from '../store/objects/s3/s3-bucket.ts';
import { S3ObjectStore } from '../store/objects/s3/s3-object-store.ts';
import { checkSegmentModel } from './fixtures/segment-model.ts';

const IN_DIRECTORY = 20_000;
/** A call to the store takes a hundred times as long as one to the disk. */
const IN_BUCKET = 300;

test(`${IN_DIRECTORY} sequences over a directory follow the rules of Vr`, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'cardea-model-'));
  await checkSegmentModel({ directory, sequences: IN_DIRECTORY });
  await rm(directory, { recursive: true });
});

for (const direct of [false, true]) {
  test(`${IN_BUCKET} sequences over a bucket${direct ? ' that devices write to' : ''} follow the rules of Vr`, async () => {
    await using gateway = await startRadosgw();
    await gateway.makeBucket('recordings');
    const directory = await mkdtemp(join(tmpdir(), 'cardea-model-'));
    const endpoint = encodeURIComponent(gateway.endpoint);
    const bucket = await S3Bucket.open(parseS3Address(`s3://recordings?endpoint=${endpoint}`), gateway);
    await checkSegmentModel({
      directory,
      sequences: IN_BUCKET,
      store: {
        open: (parts) => new S3ObjectStore({ ...parts, bucket, direct }),
        empty: async () => {
          for await (const { key } of bucket.list('')) await bucket.remove(key);
        },
      },
      direct,
    });
    bucket.close();
    await rm(directory, { recursive: true });
  });
}
