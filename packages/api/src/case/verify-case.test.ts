import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { test } from 'node:test';
import { deviceIdFromDigest, segmentStatement } from '@cardea/protocol';
import { CASE_FORMAT, type CaseManifest, type CaseSegment } from '../model/case.ts';
import { readManifest } from './read-manifest.ts';
import { readTarHeader, tarHeader, tarPadding } from './tar.ts';
import { type CaseFault, type ExpectedCamera, verifyCase } from './verify-case.ts';

const NOON = 1_767_268_800_000;

interface Camera {
  readonly privateKey: KeyObject;
  readonly publicKey: string;
  readonly id: string;
}

function newCamera(): Camera {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const x = publicKey.export({ format: 'jwk' }).x ?? '';
  return { privateKey, publicKey: x, id: deviceIdFromDigest(createHash('sha256').update(Buffer.from(x, 'base64url')).digest()) };
}

const camera = newCamera();
const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const bytesOf = (number: number): Uint8Array => Buffer.from(`recording ${number}`);

function signedSegment(number: number, by = camera): CaseSegment {
  const previous = number === 0 ? {} : { previous: sha256Of(bytesOf(number - 1)) };
  const segment = {
    clientSegmentId: `01KDVBW3GQ2T4W6Y8B0D1F${String(number).padStart(4, '0')}`,
    kind: 'continuous',
    startAt: NOON + number * 10_000,
    endAt: NOON + (number + 1) * 10_000,
    sizeBytes: bytesOf(number).length,
    sha256: sha256Of(bytesOf(number)),
  };
  const statement = { deviceId: by.id, channel: 1, stream: 'main', ...segment, number, ...previous };
  const signature = sign(null, Buffer.from(segmentStatement(statement)), by.privateKey).toString('base64url');
  return { file: `segments/${number}.mp4`, id: `S${number}`, ...segment, chain: { number, ...previous, signature } };
}

interface Case {
  manifest: CaseManifest;
  readonly files: Map<string, Uint8Array>;
}

/** Recordings 3 to 7, with what was recorded before and after them. */
function wholeCase(by = camera): Case {
  const segments = [3, 4, 5, 6, 7].map((number) => signedSegment(number, by));
  const neighbour = (number: number) => {
    const { file: _, id: __, ...rest } = signedSegment(number, by);
    return rest;
  };
  return {
    manifest: {
      format: CASE_FORMAT,
      exportedAt: NOON + 200_000,
      exporter: { id: 'user', name: 'Ada' },
      homeId: 'home',
      device: { id: by.id, name: 'Garden', publicKey: by.publicKey },
      channel: 1,
      stream: 'main',
      from: NOON + 30_000,
      to: NOON + 80_000,
      segments,
      before: neighbour(2),
      after: neighbour(8),
      gaps: [],
    },
    files: new Map(segments.map(({ file, chain }) => [file, bytesOf(chain?.number ?? 0)])),
  };
}

async function verified({ manifest, files }: Case, expected?: ExpectedCamera) {
  const digestOf = async (name: string) => {
    const bytes = files.get(name);
    return bytes && { sizeBytes: bytes.length, sha256: sha256Of(bytes) };
  };
  return await verifyCase(manifest, { names: [...files.keys()], digestOf }, expected);
}

async function faultsOf(subject: Case, expected?: ExpectedCamera): Promise<readonly CaseFault[]> {
  return (await verified(subject, expected)).faults;
}

function without(subject: Case, ...numbers: readonly number[]): Case {
  const gone = (file: string): boolean => numbers.some((number) => file === `segments/${number}.mp4`);
  const segments = subject.manifest.segments.filter(({ file }) => !gone(file));
  return { manifest: { ...subject.manifest, segments }, files: new Map([...subject.files].filter(([file]) => !gone(file))) };
}

test('a case as it was exported is intact, and closed at both ends', async () => {
  const report = await verified(wholeCase(), { deviceId: camera.id, publicKey: camera.publicKey });
  assert.deepEqual(report, {
    ...{ deviceId: camera.id, publicKey: camera.publicKey, intact: 5, faults: [], closedBefore: true, closedAfter: true },
  });
  const subject = wholeCase();
  assert.deepEqual(readManifest(JSON.stringify(subject.manifest)), subject.manifest);
  assert.equal(readManifest('{"format":"cardea-case-2"}'), undefined);
  assert.equal(readManifest('no JSON'), undefined);
});

test('a byte that was changed is told with its file', async () => {
  const subject = wholeCase();
  subject.files.set('segments/5.mp4', Buffer.from('recording 6'));
  subject.files.set('segments/4.mp4', Buffer.from('recordinG 4'));
  assert.deepEqual(await faultsOf(subject), [
    { kind: 'changed', file: 'segments/4.mp4' },
    { kind: 'changed', file: 'segments/5.mp4', holds: 'segments/6.mp4' },
  ]);
  assert.equal((await verified(subject)).intact, 3);
});

test('a recording whose values were made to fit other bytes is forged', async () => {
  const subject = wholeCase();
  const other = Buffer.from('recording X');
  subject.files.set('segments/5.mp4', other);
  const segments = subject.manifest.segments.map((each) => (each.file === 'segments/5.mp4' ? { ...each, sha256: sha256Of(other) } : each));
  const faults = await faultsOf({ ...subject, manifest: { ...subject.manifest, segments } });
  assert.deepEqual(faults, [
    { kind: 'forged', file: 'segments/5.mp4' },
    { kind: 'absent', file: 'segments/6.mp4', first: 5, last: 5 },
  ]);
});

test('a file that was taken out is missing; taken out of the manifest too, its number is', async () => {
  const subject = wholeCase();
  subject.files.delete('segments/5.mp4');
  assert.deepEqual(await faultsOf(subject), [{ kind: 'missing', file: 'segments/5.mp4' }]);
  assert.deepEqual(await faultsOf(without(wholeCase(), 5, 6)), [{ kind: 'absent', file: 'segments/7.mp4', first: 5, last: 6 }]);
});

test('a tail or a head that was cut off is told by what the camera recorded next to it', async () => {
  assert.deepEqual(await faultsOf(without(wholeCase(), 7)), [{ kind: 'absent', first: 7, last: 7 }]);
  assert.deepEqual(await faultsOf(without(wholeCase(), 3, 4)), [{ kind: 'absent', file: 'segments/5.mp4', first: 3, last: 4 }]);
  const { after: _, ...manifest } = without(wholeCase(), 7).manifest;
  const open = await verified({ manifest, files: without(wholeCase(), 7).files });
  assert.deepEqual([open.faults, open.closedBefore, open.closedAfter], [[], true, false]);
});

test('two recordings that changed places are told, and nothing else', async () => {
  const subject = wholeCase();
  const [three, four, five, six, seven] = subject.manifest.segments;
  assert.ok(three && four && five && six && seven);
  const segments = [three, five, four, six, seven];
  assert.deepEqual(await faultsOf({ ...subject, manifest: { ...subject.manifest, segments } }), [
    { kind: 'reordered', file: 'segments/4.mp4' },
  ]);
});

test('signed with another key nothing is proven, whether the key is said to be the camera’s or not', async () => {
  const thief = newCamera();
  const subject = wholeCase(thief);
  const posing = { ...subject, manifest: { ...subject.manifest, device: { ...subject.manifest.device, id: camera.id } } };
  assert.equal((await verified(posing)).intact, 0);
  assert.deepEqual((await faultsOf(posing))[0], { kind: 'key' });
  assert.deepEqual(await faultsOf(subject), [], 'of a camera nobody asked for it is a case like any other');
  assert.deepEqual((await faultsOf(subject, { deviceId: camera.id }))[0], { kind: 'key' });
  assert.deepEqual((await faultsOf(subject, { publicKey: camera.publicKey }))[0], { kind: 'key' });
});

test('an unsigned recording counts as long as the camera names it in the next one', async () => {
  const subject = wholeCase();
  const unsigned = (...files: readonly string[]): Case => ({
    ...subject,
    manifest: {
      ...subject.manifest,
      segments: subject.manifest.segments.map((each) => {
        const { chain: _, ...rest } = each;
        return files.includes(each.file) ? rest : each;
      }),
    },
  });
  assert.deepEqual(await faultsOf(unsigned('segments/5.mp4')), []);
  assert.deepEqual(await faultsOf(unsigned('segments/5.mp4', 'segments/6.mp4')), [{ kind: 'unsigned', file: 'segments/5.mp4' }]);
});

test('a file that nobody listed, and a camera that began anew, are told', async () => {
  const subject = wholeCase();
  subject.files.set('segments/99.mp4', Buffer.from('more'));
  assert.deepEqual(await faultsOf(subject), [{ kind: 'unlisted', file: 'segments/99.mp4' }]);
  const { after: _, before: __, ...manifest } = wholeCase().manifest;
  const anew = { ...signedSegment(0), startAt: NOON + 90_000, endAt: NOON + 100_000 };
  const { id: deviceId } = camera;
  const { chain: ___, file, id, ...rest } = anew;
  const text = segmentStatement({ deviceId, channel: 1, stream: 'main', ...rest, number: 0 });
  const signature = sign(null, Buffer.from(text), camera.privateKey).toString('base64url');
  const later: CaseSegment = { file, id, ...rest, chain: { number: 0, signature } };
  const files = new Map([...wholeCase().files, [file, bytesOf(0)]]);
  const faults = await faultsOf({ manifest: { ...manifest, segments: [...manifest.segments, later] }, files });
  assert.deepEqual(faults, [{ kind: 'restarted', file: 'segments/0.mp4' }]);
});

test('an archive is a tar archive: what is written is read again, anything else is refused', () => {
  const header = tarHeader({ name: 'case/segments/00001.mp4', sizeBytes: 1_234_567 }, NOON);
  assert.equal(header.length, 512);
  assert.equal(Buffer.from(header.subarray(257, 265)).toString('latin1'), 'ustar\u000000');
  assert.equal(Buffer.from(header.subarray(124, 135)).toString('latin1'), '00004553207');
  assert.deepEqual(readTarHeader(header), { name: 'case/segments/00001.mp4', sizeBytes: 1_234_567 });
  assert.equal(tarPadding(1_234_567).length, 377);
  assert.equal(readTarHeader(new Uint8Array(512)), undefined);
  header[0] = 0x64;
  assert.throws(() => readTarHeader(header), RangeError);
  assert.throws(() => tarHeader({ name: 'ü', sizeBytes: 1 }, NOON), RangeError);
});
