import { deviceIdFromDigest } from '@cardea/protocol';
import type { CaseManifest, CaseNeighbour, CaseSegment } from '../model/case.ts';
import { chainFaults } from './chain-faults.ts';
import { StatementKey } from './statement-key.ts';

/** The files of a case, wherever they are. */
export interface CaseFiles {
  /** Names of the files in `segments/`, with that folder. */
  readonly names: readonly string[];
  /** Size and SHA-256 (lower-case hex) of a file; `undefined` when it is not there. */
  digestOf(name: string): Promise<{ readonly sizeBytes: number; readonly sha256: string } | undefined>;
}

/**
 * What is wrong with a case:
 * - `key`: the key is not that of the device, or not the one expected; or there is none;
 * - `changed`: a file does not hold the bytes the camera recorded, `holds` names the segment whose bytes it holds instead;
 * - `missing`: a file is not there; `unlisted`: a file is there of which the manifest says nothing;
 * - `forged`: the signature is not the device's over what the manifest says;
 * - `unsigned`: the camera signed nothing, and no segment after it names it;
 * - `absent`: the camera recorded segments `first` to `last` of its chain here, and they are not in the case;
 * - `reordered`: it stands behind segments that were recorded after it;
 * - `replaced`: the camera names another segment in the place before;
 * - `restarted`: the camera began a new chain, so nothing proves what was before.
 */
export interface CaseFault {
  readonly kind: 'key' | 'changed' | 'missing' | 'unlisted' | 'forged' | 'unsigned' | 'absent' | 'reordered' | 'replaced' | 'restarted';
  /** The file it is about; of `absent`, the one behind the gap. */
  readonly file?: string;
  readonly holds?: string;
  readonly first?: number;
  readonly last?: number;
}

export interface CaseReport {
  readonly deviceId: string;
  /** Raw, base64url. */
  readonly publicKey: string | undefined;
  /** Files that hold what the camera recorded, signed by it. */
  readonly intact: number;
  readonly faults: readonly CaseFault[];
  /** Whether what was recorded before and after is known, so that nothing can be cut off there unnoticed. */
  readonly closedBefore: boolean;
  readonly closedAfter: boolean;
}

/** Whom the recordings are expected to be of. */
export interface ExpectedCamera {
  readonly deviceId?: string | undefined;
  /** Raw, base64url. */
  readonly publicKey?: string | undefined;
}

/** A segment with what its signature is worth. */
export interface JudgedSegment extends CaseNeighbour {
  /** Absent for a neighbour, of which there is no file. */
  readonly file?: string;
  readonly verdict: 'signed' | 'forged' | 'unsigned';
}

/** Finds out what of a case is as the camera recorded it. Needs nothing but the case; whom to believe is told by `expected`. */
export async function verifyCase(manifest: CaseManifest, files: CaseFiles, expected: ExpectedCamera = {}): Promise<CaseReport> {
  const { device, segments, before, after } = manifest;
  const key = await keyOf(manifest, expected);
  const judged: JudgedSegment[] = [];
  for (const each of [before, ...segments, after]) {
    if (each !== undefined) judged.push({ ...each, verdict: await verdictOf(each, manifest, key) });
  }
  const faults: CaseFault[] = key === undefined ? [{ kind: 'key' }] : [];
  faults.push(...(await fileFaults(segments, files)), ...chainFaults(judged));
  const faulty = new Set(faults.filter(({ kind }) => kind !== 'absent' && kind !== 'restarted').map(({ file }) => file));
  const isClosed = (neighbour: CaseNeighbour | undefined): boolean =>
    judged.some(({ verdict, clientSegmentId }) => verdict === 'signed' && clientSegmentId === neighbour?.clientSegmentId);
  return {
    deviceId: device.id,
    publicKey: device.publicKey,
    intact: key === undefined ? 0 : segments.filter(({ file }) => !faulty.has(file)).length,
    faults,
    closedBefore: segments[0]?.chain?.number === 0 || isClosed(before),
    closedAfter: isClosed(after),
  };
}

/** The key to believe; `undefined` when the one in the case is not the camera's. */
async function keyOf({ device }: CaseManifest, expected: ExpectedCamera): Promise<StatementKey | undefined> {
  const { publicKey } = device;
  if (publicKey === undefined || (expected.publicKey !== undefined && expected.publicKey !== publicKey)) return undefined;
  if (expected.deviceId !== undefined && expected.deviceId !== device.id) return undefined;
  const key = await StatementKey.of(publicKey);
  return deviceIdFromDigest(key.digest) === device.id ? key : undefined;
}

async function verdictOf(
  segment: CaseNeighbour,
  { device, channel, stream }: CaseManifest,
  key: StatementKey | undefined,
): Promise<JudgedSegment['verdict']> {
  const { chain, ...rest } = segment;
  if (chain === undefined) return 'unsigned';
  const statement = { deviceId: device.id, channel, stream, ...rest, ...chain };
  return (await key?.signed(statement, chain.signature)) === true ? 'signed' : 'forged';
}

async function fileFaults(segments: readonly CaseSegment[], files: CaseFiles): Promise<readonly CaseFault[]> {
  const faults: CaseFault[] = [];
  const bySha256 = new Map(segments.map(({ sha256, file }) => [sha256, file]));
  for (const { file, sizeBytes, sha256 } of segments) {
    const found = await files.digestOf(file);
    if (found === undefined) faults.push({ kind: 'missing', file });
    else if (found.sizeBytes !== sizeBytes || found.sha256 !== sha256) {
      const holds = bySha256.get(found.sha256);
      faults.push({ kind: 'changed', file, ...(holds !== undefined && { holds }) });
    }
  }
  const listed = new Set(segments.map(({ file }) => file));
  const unlisted = files.names.filter((name) => !listed.has(name));
  return [...faults, ...unlisted.map((file): CaseFault => ({ kind: 'unlisted', file }))];
}
