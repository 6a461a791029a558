import { type CloseReaction, closeCodes } from '../close-codes.ts';
import { type StatusEntry, statusTable } from '../status.ts';

/** Hundreds of the code -> what the group is about. */
const GROUPS: readonly (readonly [holds: (code: number) => boolean, title: string])[] = [
  [(code) => code < 0, 'JSON-RPC'],
  [(code) => code < 1_100, 'Common'],
  [(code) => code < 1_200, 'Media'],
  [(code) => code < 1_300, 'The head (PTZ)'],
  [(code) => code < 1_400, 'Disks and recordings'],
  [(code) => code < 1_500, 'Firmware'],
  [(code) => code < 1_600, 'Configuration'],
  [(code) => code < 1_700, 'Uploads'],
  [(code) => code < 1_800, 'Scheduling (Vs)'],
  [() => true, 'Video service (Vr)'],
];

const reactions: Record<CloseReaction, string> = {
  retry: 'the same servers again, with back-off',
  schedule: 'ask the scheduling service',
  scheduleLater: 'ask the scheduling service after 30 min',
  scheduleAfterReplacement: 'ask the scheduling service after 60 s',
  scheduleDaily: 'ask the scheduling service once a day',
  powerDown: 'switch off',
  forget: 'forget binding, tokens and server; go to pairing',
};

/** The page of all error codes and close codes. */
export function errorsPage(): string {
  const sections = [
    '# Errors',
    'One table for every interface. On Vd an error is `{ "code", "message", "data": { "name", "retryable", "retryAfterMs"?, "details"? } }` in the JSON-RPC answer; on Vs and Vr the same object is `error` of the body; on the user API `code` and `name` stand in a problem document (RFC 9457). Match on the code, never on the message.',
    '*Retryable* means that the same request may succeed later; with `retryAfterMs` (or `Retry-After`), not before that.',
    ...GROUPS.map((_, index) => groupSection(index)),
    `## Close codes of Vd\n\n${closeTable()}\n\nA code that is not listed is treated like a lost connection.`,
  ];
  return `${sections.join('\n\n')}\n`;
}

function groupSection(index: number): string {
  const rows = Object.entries<StatusEntry>(statusTable).filter(([, { code }]) => GROUPS.findIndex(([holds]) => holds(code)) === index);
  const lines = rows.map(
    ([name, { code, http, retryable, meaning }]) => `| ${code} | ${name} | ${http} | ${retryable ? 'yes' : 'no'} | ${meaning} |`,
  );
  return [`## ${GROUPS[index]?.[1] ?? ''}`, '', '| Code | Name | HTTP | Retryable | Meaning |', '|---|---|---|---|---|', ...lines].join(
    '\n',
  );
}

function closeTable(): string {
  const lines = Object.entries(closeCodes).map(
    ([name, { code, meaning, reaction }]) => `| ${code} | ${name} | ${meaning} | ${reactions[reaction]} |`,
  );
  return ['| Code | Name | Meaning | What the device does |', '|---|---|---|---|', ...lines].join('\n');
}
