import { segmentStatement } from '../segment-statement.ts';

/** Signed with a key that everybody knows: the first of RFC 8032, 7.1. */
const example = {
  publicKey: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
  signature: 'ueR9alLLnantGEGu7X_bPP8Prr6nd7S832hnHlH3n40fYfhyr3SWVmdyrKe760yQQnej81OXM6OTYt7f_kxMDA',
  statement: {
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
  },
};

const members = [
  ['', 'the words `hss-open-1 video segment`'],
  ['deviceId', 'of the device'],
  ['channel', 'from 1'],
  ['stream', '`main`, `sub` or `third`'],
  ['kind', 'as announced with `vr.createSegment`'],
  ['clientSegmentId', 'as announced'],
  ['startAt', 'as confirmed'],
  ['endAt', 'as confirmed'],
  ['sizeBytes', 'as confirmed'],
  ['sha256', 'as confirmed'],
  ['chain.number', 'place in the chain'],
  ['chain.previous', 'or `-` for the first segment of a chain'],
] as const;

const RULES = `A device may say, with each [vr.confirmSegment](vr.confirmSegment.md), where the video segment stands in the chain of everything that this
channel and stream recorded, and sign it with its identity key. A recording that was changed, left out or put elsewhere then shows, whoever
keeps it. A device without \`chain\` is served like any other.

- The chain has the order of recording, not of upload: late, parallel and repeated uploads do not break it. What is recorded gets its place
  when it is complete on the device, for the first segment 0; what the device records for itself only has a place, too.
- \`previous\` is the \`sha256\` of the segment one place before. A segment that never reaches the platform leaves a break that the numbers
  name: 41 is there, 43 is there, and 43 says what the digest of 42 was.
- The place stays the same when a segment is announced again under another \`clientSegmentId\` or as another \`kind\`; the signature is made anew.
- A device that changes hands, or is reset to the state of the factory, begins a new chain with 0 and no \`previous\`.
- The platform knows the public key from the identity proof of the device and refuses a signature that does not fit (SIGNATURE_INVALID). The device id
  is a hash of that key, so whoever knows the id can check the key.`;

/** The page that says which bytes a device signs. */
export function chainPage(): string {
  const rows = members.map(([name, meaning], index) => `| ${index + 1} | ${name === '' ? '' : `\`${name}\``} | ${meaning} |`);
  const sections = [
    '# The signed chain of recordings',
    RULES,
    '## The statement',
    'The bytes that are signed are UTF-8 text of twelve lines, each ended by one line feed (0x0A), numbers in decimal without leading zeros. The signature is pure Ed25519 (RFC 8032) over these bytes.',
    ['| Line | Member | Content |', '|---|---|---|', ...rows].join('\n'),
    '## Example',
    `The public key is \`${example.publicKey}\` (RFC 8032, 7.1, test 1), so the device is \`${example.statement.deviceId}\`. The statement`,
    `\`\`\`\n${segmentStatement(example.statement)}\`\`\``,
    `has the signature \`${example.signature}\`.`,
  ];
  return `${sections.join('\n\n')}\n`;
}
