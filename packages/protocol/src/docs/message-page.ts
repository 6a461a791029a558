import { commonErrors, type Delivery, type FrameDefinition, type HttpDefinition, type RpcDefinition, type Rule } from '../message.ts';
import { type StatusName, statusTable } from '../status.ts';
import type { CatalogueEntry } from './catalogue.ts';
import { hasBody } from './json-schema.ts';
import { memberTable } from './member-table.ts';

const deliveries: Record<Delivery, string> = {
  online: 'only while connected; never wakes the device and is never repeated',
  awake: 'wakes the device and waits for it',
  queued: 'wakes the device; when it does not wake, kept and done at the next waking',
  acknowledged: 'sent with an id, kept and repeated until answered',
  notification: 'sent without an id; may be lost',
};

/** The Markdown page of one message. */
export function messagePage(entry: CatalogueEntry): string {
  const { definition } = entry;
  const sections = [
    `# ${entry.name}`,
    definition.description,
    factTable([...factsOf(entry), ...provenanceFacts(entry)]),
    ...entry.parts.map((part) => partSection(entry.name, part.name, part.schema)),
    ...rulesSection(definition.kind === 'rpc' || definition.kind === 'event' || definition.kind === 'http' ? definition.rules : undefined),
    ...errorsSection(definition.kind === 'frame' ? [] : definition.errors, definition.kind),
    ...examplesSection(entry),
  ];
  return `${sections.join('\n\n')}\n`;
}

type Fact = readonly [name: string, value: string];

function factTable(facts: readonly Fact[]): string {
  return ['| | |', '|---|---|', ...facts.map(([name, value]) => `| ${name} | ${value} |`)].join('\n');
}

function factsOf({ definition }: CatalogueEntry): readonly Fact[] {
  switch (definition.kind) {
    case 'http':
      return httpFacts(definition);
    case 'frame':
      return [['Sent by', senderOf(definition.sender)]];
    default:
      return vdFacts(definition);
  }
}

function httpFacts(definition: HttpDefinition): readonly Fact[] {
  return [
    ['Request', `\`${definition.method} ${definition.path}\`, sent by the device`],
    ['Success', `${definition.success}`],
    ['Deadline', seconds(definition.timeoutMs)],
  ];
}

function vdFacts(definition: RpcDefinition): readonly Fact[] {
  const facts: Fact[] = [
    ['Kind', definition.kind === 'rpc' ? 'RPC message' : 'Event message'],
    ['Sent by', senderOf(definition.sender)],
    ['Deadline', seconds(definition.timeoutMs)],
    ['Delivery', deliveries[definition.delivery]],
  ];
  if (definition.queueMs !== undefined) facts.push(['Kept for a sleeping device', seconds(definition.queueMs)]);
  if (definition.capability !== undefined) facts.push(['Capability', `\`${definition.capability}\` of the channel`]);
  facts.push(['While unbound', definition.unbound === true ? 'allowed' : 'refused with NOT_BOUND']);
  if (definition.destructive === true) facts.push(['Destructive', 'yes: users prove who they are again, and it is audited']);
  if (definition.platformFills !== undefined) {
    facts.push(['Filled by the platform', definition.platformFills.map((member) => `\`${member}\``).join(', ')]);
  }
  return facts;
}

function provenanceFacts({ provenance }: CatalogueEntry): readonly Fact[] {
  const item = provenance.item === 'extension' ? 'none: an extension of this profile' : provenance.item;
  const status = provenance.status === 'title-only' ? 'the title; members are a project choice' : 'nothing; a project choice';
  return [
    ['H.627.2 clause', provenance.clause],
    ['H.627.2 item', item],
    ['Taken from H.627.2', status],
  ];
}

function senderOf(sender: FrameDefinition['sender']): string {
  return sender === 'either' ? 'either side' : `the ${sender}`;
}

function seconds(durationMs: number): string {
  return durationMs >= 86_400_000 ? `${durationMs / 3_600_000} h` : `${durationMs / 1_000} s`;
}

function partSection(name: string, part: string, schema: CatalogueEntry['parts'][number]['schema']): string {
  const title = `## ${part.charAt(0).toUpperCase()}${part.slice(1)}`;
  if (!hasBody(schema)) return `${title}\n\nNone.`;
  return `${title}\n\n${memberTable(schema)}\n\nJSON Schema: [schemas/${name}.${part}.json](schemas/${name}.${part}.json)`;
}

function rulesSection(rules: readonly Rule<never>[] | undefined): readonly string[] {
  if (rules === undefined) return [];
  const lines = rules.map((rule) => `- \`${rule.path.slice(1)}\` ${rule.message}`);
  return [`## Rules between members\n\nINVALID_PARAMS tells which one is broken:\n\n${lines.join('\n')}`];
}

function errorsSection(names: readonly StatusName[], kind: string): readonly string[] {
  if (kind === 'frame') return [];
  const rows = names.map((name) => `| ${statusTable[name].code} | ${name} | ${statusTable[name].meaning} |`);
  const table = rows.length === 0 ? [] : [['| Code | Name | Meaning |', '|---|---|---|', ...rows].join('\n')];
  const common = kind === 'http' ? [] : [`${rows.length === 0 ? 'Only' : 'And'} what any message may meet: ${commonErrors.join(', ')}.`];
  return ['## Errors', ...table, ...common, 'All codes: [errors](../errors.md)'];
}

function examplesSection({ definition }: CatalogueEntry): readonly string[] {
  switch (definition.kind) {
    case 'http':
      return definition.examples.flatMap(({ title, body, result }) => [`## Example: ${title}`, json('Body', body), json('Result', result)]);
    case 'frame':
      return definition.examples.flatMap(({ title, frame }) => [`## Example: ${title}`, json('Frame', frame)]);
    default:
      return definition.examples.flatMap(({ title, params, result }) => [
        `## Example: ${title}`,
        json('Request', {
          jsonrpc: '2.0',
          ...(definition.delivery === 'notification' ? {} : { id: 7 }),
          method: definition.method,
          params,
        }),
        ...(definition.delivery === 'notification' ? [] : [json('Answer', { jsonrpc: '2.0', id: 7, result })]),
      ]);
  }
}

function json(label: string, value: unknown): string {
  if (value === undefined) return `${label}: none`;
  return `${label}:\n\n\`\`\`json\n${JSON.stringify(value, null, 2)}\n\`\`\``;
}
