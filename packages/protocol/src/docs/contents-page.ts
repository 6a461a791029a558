import { type ContentsEntry, contents } from '../contents.ts';
import * as protocol from '../index.ts';
import type { Provenance } from '../message.ts';
import { type CatalogueEntry, catalogue } from './catalogue.ts';

const SOURCE = 'packages/protocol/src';

/** Clauses that name a procedure or an entity instead of a message: where their rules are written down. */
const rulesOfClauses: Readonly<Record<string, readonly string[]>> = {
  '9.1': ['profile.ts', 'timers.ts'],
  '9.2': ['identity.ts', 'profile.ts', 'model/media-format.ts', 'model/binding-state.ts'],
  '9.3.1.1': ['vs/schedule.ts', 'timers.ts'],
  '9.3.1.2': ['vd/reschedule-device.ts', 'vs/schedule.ts', 'timers.ts'],
  '9.3.1.3': ['close-codes.ts', 'timers.ts'],
  '9.3.2.1': ['envelope.ts'],
  '9.3.2.1.1': ['message.ts', 'envelope.ts'],
  '9.3.2.1.2': ['message.ts', 'envelope.ts', 'model/event-fields.ts'],
  '9.3.2.2': ['vd/index.ts'],
  '9.3.3.1': ['vm/media-frame.ts', 'vm/audio-frame.ts'],
  '9.3.3.1.1': ['vd/push-live-video.ts', 'vm/index.ts', 'vm/media-frame.ts'],
  '9.3.3.2': ['vm/index.ts'],
  '9.3.4.1.1': ['vr/index.ts', 'timers.ts'],
  '9.3.4.1.2': ['vr/cancel-video-segment.ts', 'status.ts', 'timers.ts'],
  '9.3.4.1.3': ['vr/confirm-video-segment.ts'],
  '9.3.4.2': ['vr/index.ts'],
};

/** Source file -> tests that pin it down beyond its examples. */
const testsOfFiles: Readonly<Record<string, string>> = {
  'profile.ts': 'profile.test.ts',
  'timers.ts': 'profile.test.ts',
  'identity.ts': 'identity.test.ts',
  'close-codes.ts': 'close-codes.test.ts',
  'envelope.ts': 'envelope.test.ts',
  'message.ts': 'vd/index.test.ts',
  'vd/index.ts': 'vd/index.test.ts',
  'vm/media-frame.ts': 'vm/media-frame.test.ts',
  'vm/audio-frame.ts': 'vm/audio-frame.test.ts',
  'vm/index.ts': 'vm/index.test.ts',
  'status.ts': 'status.test.ts',
  'model/media-format.ts': 'examples.test.ts',
  'model/binding-state.ts': 'examples.test.ts',
  'model/event-fields.ts': 'vd/index.test.ts',
};

const exportNames = new Map<unknown, string>(Object.entries(protocol).map(([name, value]) => [value, name]));

/** Where a message is declared, below `packages/protocol/src`. */
export function sourceFileOf(entry: CatalogueEntry): string {
  const { provenance } = entry;
  if (entry.interface === 'Vm') return vmFileOf(entry);
  const folder = entry.interface === 'Vd' && provenance.item === 'extension' ? 'vd/extensions' : entry.interface.toLowerCase();
  return `${folder}/${kebab(exportNames.get(entry.definition) ?? '')}.ts`;
}

function vmFileOf(entry: CatalogueEntry): string {
  if (entry.name === 'vm.talk.start') return 'vm/audio-frame.ts';
  return entry.provenance.clause === '9.3.3.2.2' ? 'vm/stop-media-service.ts' : 'vm/start-media-broadcasting.ts';
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The messages that fill one title of the contents list. */
export function messagesFor(title: ContentsEntry): readonly CatalogueEntry[] {
  return catalogue.filter(({ provenance }) => fills(provenance, title.number));
}

function fills(provenance: Provenance, number: string): boolean {
  if (number.startsWith('I')) return provenance.item === number;
  return provenance.item === 'extension' && provenance.clause === number && provenance.status === 'title-only';
}

/** The page that sets the contents list against what this profile has. */
export function contentsPage(): string {
  const sections = [
    '# The contents list of H.627.2 and this profile',
    'The left columns are titles of ITU-T H.627.2 (03/2022), clause 9 and Appendix I. The right columns say what this profile puts under each title. Titles are all that was at hand: names, members and codes are choices of this project, and nothing here states conformance to the text of the Recommendation.',
    ['| Number | Title | Messages | Written down in | Tests |', '|---|---|---|---|---|', ...contents.map(contentsRow)].join('\n'),
    '## Beyond the list',
    extensionList(),
  ];
  return `${sections.join('\n\n')}\n`;
}

function contentsRow(title: ContentsEntry): string {
  const messages = messagesFor(title);
  const files = [...new Set([...messages.map(sourceFileOf), ...(rulesOfClauses[title.number] ?? [])])];
  const tests = [...new Set(files.map((file) => testsOfFiles[file] ?? 'examples.test.ts'))];
  const cells = [
    title.number,
    title.title,
    messages.map(pageLink).join(', '),
    files.map(fileLink).join(', '),
    tests.map(fileLink).join(', '),
  ];
  return `| ${cells.join(' | ')} |`;
}

function extensionList(): string {
  const extensions = catalogue.filter(({ provenance }) => provenance.status === 'project-choice');
  return extensions.map((entry) => `- ${pageLink(entry)}: ${entry.definition.description}`).join('\n');
}

function pageLink({ name }: CatalogueEntry): string {
  return `[${name}](${name}.md)`;
}

function fileLink(file: string): string {
  return `[${file}](../../${SOURCE}/${file})`;
}
