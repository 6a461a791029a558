import { DEVICE_ID_PARAMETER, PROFILE, paths, subprotocols } from '../profile.ts';
import { vdLimits } from '../timers.ts';
import { type CatalogueEntry, catalogue } from './catalogue.ts';

const interfaces = {
  Vs: 'Vs: scheduling service',
  Vd: 'Vd: device management',
  Vm: 'Vm: media broadcasting service',
  Vr: 'Vr: video service',
} as const;

const INTRODUCTION = `# Wire profile \`${PROFILE}\`

How a device and the platform talk. The interfaces and the messages carry the titles of the contents list of ITU-T H.627.2
(03/2022); that list is all of the Recommendation that was at hand, so names, members, codes and carriers are choices of this
project. Nothing here states conformance to the text of the Recommendation.

These pages, the files in \`schemas/\` and [errors](../errors.md) are written by \`npm run generate\` from \`packages/protocol\`.

- [Timers and limits](timers.md)
- [The signed chain of recordings](segment-chain.md)
- [Errors and close codes](../errors.md)
- [The contents list of H.627.2 against this profile](contents.md)`;

const CONVENTIONS = `## Conventions

- JSON in UTF-8, members in lowerCamelCase. Unknown members are ignored; members of makers start with \`x-\`.
- The unit is in the name: \`Ms\`, \`Sec\`, \`Bytes\`, \`Kbps\`, \`Pct\`, \`Deg\`, \`Mv\`, \`Dbm\`. Instants end in \`At\` and are integer
  milliseconds since 1970-01-01T00:00Z.
- Positions in a picture are 0..1 with the origin at the top left.
- TLS 1.2 or later with a verified certificate; plain connections only on loopback.`;

const VD_ENVELOPE = `The device opens \`${paths.vd}?${DEVICE_ID_PARAMETER}=ID\` as a WebSocket with subprotocol \`${subprotocols.vd}\` and the bearer token of
its schedule. Both sides then send JSON-RPC 2.0: one text message each, at most ${vdLimits.maxMessageBytes} bytes, nested at most ${vdLimits.maxDepth} deep, at most
${vdLimits.maxKeysPerObject} members in an object, params by name, no batches. At most ${vdLimits.maxInFlight} requests of each side are open at a time. An Event message is a request
of the device: with an id it is acknowledged, without one it may be lost; the receiver takes both.`;

const VM_FRAMES = `Carrier \`wss-fmp4\`: the device opens \`${paths.vm}/sessions/{sessionId}\` with subprotocol \`${subprotocols.vm}\` and the bearer token of its target,
sends \`vm.start\`, and after \`vm.started\` binary messages: 8 bytes of header, then whole ISO BMFF boxes.

| Offset | Size | Field | Meaning |
|---|---|---|---|
| 0 | 1 | kind | 0 initialisation segment, 1 fragments |
| 1 | 1 | flags | bit 0: starts with a key frame; the others are ignored |
| 2 | 2 | track | track_ID; 0 for the initialisation segment and for several tracks; big-endian |
| 4 | 4 | seq | counts binary messages from 0, the initialisation segment included; big-endian |

Carrier \`wss-audio\` (${paths.vm}/talk/{sessionId}), on which a device fetches the voice of a user: one text message \`vm.talk.start\`, then
binary messages of a 4-byte big-endian sequence number and one coded frame of 20 ms.`;

/** The first page: conventions and the list of messages. */
export function readmePage(): string {
  const notes: Record<keyof typeof interfaces, string> = {
    Vs: `HTTPS and JSON, below \`${paths.vs}\`.`,
    Vd: VD_ENVELOPE,
    Vm: VM_FRAMES,
    Vr: `HTTPS and JSON, below \`${paths.vr}\`, with the bearer token of the schedule or of server.getInfo. Bytes go to the address of the upload ticket.`,
  };
  const sections = (['Vs', 'Vd', 'Vm', 'Vr'] as const).map((face) => `## ${interfaces[face]}\n\n${notes[face]}\n\n${messageTable(face)}`);
  return `${[INTRODUCTION, CONVENTIONS, ...sections].join('\n\n')}\n`;
}

function messageTable(face: CatalogueEntry['interface']): string {
  const rows = catalogue.filter((entry) => entry.interface === face).map(messageRow);
  return ['| Message | Item | Sent by | Purpose |', '|---|---|---|---|', ...rows].join('\n');
}

function messageRow(entry: CatalogueEntry): string {
  const sender = entry.definition.kind === 'http' ? 'device' : entry.definition.sender;
  const item = entry.provenance.item === 'extension' ? '' : entry.provenance.item;
  return `| [${entry.name}](${entry.name}.md) | ${item} | ${sender} | ${firstSentence(entry.definition.description)} |`;
}

function firstSentence(text: string): string {
  return /^.*?\.(?=\s|$)/.exec(text)?.[0] ?? text;
}
