import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import fc from 'fast-check';
import { checkFragmentedMp4 } from '../box-walk.ts';
import { Fmp4Muxer } from '../fmp4-muxer.ts';
import { h264Track } from '../h264.ts';
import { MediaError } from '../media-error.ts';
import { randomAccessIndex } from '../random-access-index.ts';
import { type EncryptedSubject, findEnvelope } from './envelope.ts';
import { openSegment, recipientsOf } from './open-segment.ts';
import { keyIdOf, makeRecipientKey, type RecipientKey, recipientKey } from './recipient-key.ts';
import { SegmentSealer } from './segment-sealer.ts';

const bytesOf = (hex: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(hex, 'hex'));

/** Made by another implementation of the format, of HPKE and of AES-GCM: its file, what is in it, and the key pair. */
const VECTOR =
  '000000106674797069736f3600000000000000bb757569648d1c6b520f474e3a9b65d2703ea154c90048011a34377a3333717831616a683632726b627a316130' +
  '3876796a347700000001046d61696e1a30314b445642573347513254345736593842304431463348354b0000019b76f1645001aaa8fff703b50b22493e82fc74' +
  '464a59268817623d2053c5eb8e2cc4a988b4fee179ec6b010d531d962319353fa63d35b22810168085bcdec1d71e09ba8ecc73946fc60ffe30831a8bab3eacdd' +
  'a6fc5c339b1ad3380c40870000000e6d6f6f76747261636b730000000c6d6f6f6672756e300000001d6d6461743c5d420be0ea3252ad257170302cff596fd914' +
  'a1200000000c6d6f6f6672756e31000000226d646174c0cb105efcc2c42e7eef622042a537172d4552f407fcb517a1740000000c6d6f6f6672756e320000001b' +
  '6d64617459b327a41e22704740e6447ec65e367a00cda7';
const VECTOR_PLAIN =
  '000000106674797069736f36000000000000000e6d6f6f76747261636b730000000c6d6f6f6672756e300000000d6d64617466697273740000000c6d6f6f6672' +
  '756e31000000126d6461747365636f6e64206f6e650000000c6d6f6f6672756e320000000b6d646174656e64';
const PRIVATE_KEY = '0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20';
const PUBLIC_KEY = '07a37cbc142093c8b755dc1b10e86cb426374ad16aa853ed0bdfc0b2b86d1c7c';

const subject: EncryptedSubject = {
  deviceId: '47z33qx1ajh62rkbz1a08vyj4w',
  channel: 1,
  stream: 'main',
  segmentId: '01KDVBW3GQ2T4W6Y8B0D1F3H5K',
  startAt: 1_767_227_090_000,
};

const video = h264Track(1, 1_000, bytesOf('014d400dffe10018674d400deca0a0fd80880000030008000003019078a14cb001000468ce0fc8'));
const muxer = new Fmp4Muxer([video]);
const plainFragments = [0, 1, 2, 3].map((index) =>
  muxer.fragment(
    [0, 1].map((frame) => ({
      trackId: 1,
      dts: (index * 2 + frame) * 40,
      pts: (index * 2 + frame) * 40,
      duration: 40,
      keyframe: frame === 0,
      data: new Uint8Array(100 + index).fill(16 * index + frame),
    })),
    index + 1,
  ),
);

interface Sealed {
  readonly head: Uint8Array;
  readonly fragments: readonly Uint8Array[];
}

let ada: RecipientKey;
let bob: RecipientKey;
let stranger: RecipientKey;
let sealed: Sealed;
let other: Sealed;

before(async () => {
  const pairs = await Promise.all([makeRecipientKey(), makeRecipientKey(), makeRecipientKey()]);
  const [first, second, third] = pairs;
  assert.ok(first && second && third);
  [ada, bob, stranger] = await Promise.all([recipientKey(first), recipientKey(second), recipientKey(third)]);
  const seal = async (about: EncryptedSubject): Promise<Sealed> => {
    const sealer = await SegmentSealer.create(muxer.initSegment(), about, [first.publicKey, second.publicKey]);
    const last = plainFragments.length - 1;
    const fragments = await Promise.all(plainFragments.map((each, index) => sealer.seal(each, { index, last: index === last })));
    return { head: sealer.init, fragments };
  };
  sealed = await seal(subject);
  other = await seal({ ...subject, segmentId: '01KDVBW3GQ2T4W6Y8B0D1F3H5M' });
});

function file({ head, fragments }: Sealed = sealed): Uint8Array {
  return Buffer.concat([head, ...fragments, randomAccessIndex([])]);
}

async function refused(bytes: Uint8Array, keys = [ada]): Promise<string> {
  const failure = await openSegment(bytes, keys).then(
    () => assert.fail('it was opened'),
    (error: unknown) => error,
  );
  assert.ok(failure instanceof MediaError, String(failure));
  return failure.code;
}

test('a file that another implementation encrypted is opened, and its key is known by the same name', async () => {
  assert.equal(await keyIdOf(bytesOf(PUBLIC_KEY)), 'aaa8fff703b50b22');
  const key = await recipientKey({ keyId: 'aaa8fff703b50b22', privateKey: bytesOf(PRIVATE_KEY) });
  const opened = await openSegment(bytesOf(VECTOR), [key]);
  assert.equal(Buffer.from(opened.bytes).toString('hex'), VECTOR_PLAIN);
  assert.deepEqual(opened.subject, subject);
  assert.deepEqual(opened.recipients, ['aaa8fff703b50b22']);
  assert.equal(opened.complete, true);
});

test('each recipient opens the segment alone, nobody else does', async () => {
  const plain = Buffer.concat([muxer.initSegment(), ...plainFragments]);
  for (const key of [ada, bob]) {
    const opened = await openSegment(file(), [stranger, key]);
    assert.deepEqual(Buffer.from(opened.bytes), plain);
    assert.deepEqual([opened.subject, opened.complete], [subject, true]);
  }
  assert.deepEqual(recipientsOf(file()), [ada.keyId, bob.keyId]);
  assert.equal(recipientsOf(plain), undefined);
  assert.equal(await refused(file(), [stranger]), 'INVALID_REQUEST');
  assert.equal(await refused(plain), 'OBJECT_MISMATCH');
});

test('an encrypted segment is fragmented MP4 to whoever looks at boxes only, and no picture is in it', async () => {
  const report = await checkFragmentedMp4(file());
  assert.equal(report.ok, true, report.reason);
  assert.deepEqual([report.fragments, report.durationMs, report.keyframeFirst], [4, 320, true]);
  for (let index = 0; index < 4; index += 1) {
    const picture = Buffer.alloc(32, 16 * index + 1);
    assert.equal(Buffer.from(file()).indexOf(picture), -1);
  }
});

test('two segments of the same pictures have nothing in common', () => {
  for (const [index, fragment] of sealed.fragments.entries()) {
    assert.notDeepEqual(fragment.subarray(-64), other.fragments[index]?.subarray(-64));
  }
});

test('a fragment that was swapped, left out, repeated or taken from another segment is detected', async () => {
  const { head, fragments } = sealed;
  const [a, b, c, d] = fragments;
  assert.ok(a && b && c && d);
  const foreign = other.fragments[1];
  assert.ok(foreign);
  const wrong = [
    [b, a, c, d],
    [a, c, d],
    [b, c, d],
    [a, a, b, c, d],
    [a, b, c, d, d],
    [a, b, d],
    [a, foreign, c, d],
  ];
  for (const order of wrong) assert.equal(await refused(file({ head, fragments: order })), 'OBJECT_MISMATCH');
  assert.equal(await refused(file({ head: other.head, fragments })), 'OBJECT_MISMATCH');
});

test('a tail that was cut off shows: what is left is opened as not complete', async () => {
  const { head, fragments } = sealed;
  const none = await openSegment(file({ head, fragments: [] }), [ada]);
  assert.deepEqual([none.bytes.length, none.complete], [0, false], 'without a fragment nothing is proven');
  for (const count of [1, 3]) {
    const opened = await openSegment(file({ head, fragments: fragments.slice(0, count) }), [ada]);
    assert.equal(opened.complete, false);
    assert.deepEqual(Buffer.from(opened.bytes), Buffer.concat([muxer.initSegment(), ...plainFragments.slice(0, count)]));
  }
  const whole = Buffer.concat([head, ...fragments]);
  assert.equal((await openSegment(whole.subarray(0, -5), [ada])).complete, false);
});

test('no byte can be changed unnoticed', async () => {
  const { head, fragments } = sealed;
  const whole = Buffer.concat([head, ...fragments]);
  const found = findEnvelope(whole);
  assert.ok(found);
  const plain = Buffer.concat([muxer.initSegment(), ...plainFragments]);
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
      const bytes = new Uint8Array(whole);
      bytes[at] = (bytes[at] ?? 0) ^ change;
      const opened = await openSegment(bytes, [ada]).catch((error: unknown) => {
        if (!(error instanceof MediaError)) throw error;
        return undefined;
      });
      if (opened === undefined) return;
      // What may change is the key that was wrapped for somebody else, and how much of the end there is.
      const isOthersKey = at >= found.end - 88 && at < found.end;
      assert.ok(isOthersKey || !opened.complete, `byte ${at}`);
      assert.deepEqual(Buffer.from(opened.bytes), plain.subarray(0, opened.bytes.length), `byte ${at}`);
    }),
    // The size of moov: all fragments are in it then, and none is left to prove it.
    { numRuns: 400, examples: [[306, 14]] },
  );
});

test('an envelope of random bytes is refused, never obeyed', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (noise) => {
      const { head } = sealed;
      const found = findEnvelope(head);
      assert.ok(found);
      const bytes = new Uint8Array(head);
      bytes.set(noise.subarray(0, found.end - found.offset - 24), found.offset + 24);
      await openSegment(bytes, [ada]).catch((error: unknown) => assert.ok(error instanceof MediaError, String(error)));
    }),
    { numRuns: 200 },
  );
});

test('nothing is encrypted for nobody, for too many or for what is no key', async () => {
  const init = muxer.initSegment();
  const key = bytesOf(PUBLIC_KEY);
  for (const keys of [[], Array.from({ length: 65 }, () => key), [key.subarray(0, 31)]]) {
    await assert.rejects(SegmentSealer.create(init, subject, keys), { code: 'INVALID_REQUEST' });
  }
  await assert.rejects(SegmentSealer.create(init, { ...subject, deviceId: 'ü' }, [key]), { code: 'INVALID_REQUEST' });
});
