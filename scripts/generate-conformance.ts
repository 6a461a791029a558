import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { contents, extensionMessages, type RpcDefinition, statusTable, vdMessages } from '../packages/protocol/src/index.ts';

/**
 * `docs/conformance.md`: every message of device management, who answers it, the end to end tests that prove it, and the tests
 * of its failure codes. A test proves the messages its title begins with, as in `'device.reboot: asked by its owner, ...'` or
 * `'record.start, record.stop: ...'`, and the codes that title names.
 */

const root = join(import.meta.dirname, '..');
const endToEnd = ['test/e2e/*.test.ts', 'test/e2e/device-management/*.test.ts'];
const everywhere = [...endToEnd, 'packages/*/src/**/*.test.ts'];
/** Sends every code of every message from a device to the caller. */
const passage = 'test/e2e/device-management/failure-codes.test.ts';

interface Proof {
  readonly file: string;
  readonly title: string;
  readonly methods: readonly string[];
}

function proofsIn(patterns: readonly string[]): readonly Proof[] {
  return globSync([...patterns], { cwd: root })
    .sort()
    .flatMap((file) => titlesOf(file).map((title) => ({ file, title, methods: methodsIn(title) })));
}

function titlesOf(file: string): readonly string[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(/\btest\(\s*(['"`])((?:(?!\1).)+)\1/g)].map((match) => match[2] ?? '');
}

function methodsIn(title: string): readonly string[] {
  const [, head = ''] = /^([^:]*): /.exec(title) ?? [];
  return [...head.matchAll(/\b[a-zA-Z]+\.[a-zA-Z]+\b/g)].map(([method]) => method);
}

const words = ({ title }: Proof): string => title.slice(title.indexOf(': ') + 2);

function row(definition: RpcDefinition, proofs: Proofs): string {
  const { item } = definition.provenance;
  const { method, sender } = definition;
  const title = contents.find(({ number }) => number === item)?.title.replace('An example of ', '') ?? 'not in the contents list';
  const answeredBy = sender === 'platform' ? 'device' : 'platform';
  const tests = proofs.endToEnd.filter(({ methods }) => methods.includes(method));
  const proven = tests.map((proof) => `[${words(proof)}](../${proof.file})`).join('<br>');
  const codes = definition.errors.map((name) =>
    codeCell(
      statusTable[name].code,
      proofs.everywhere.filter(({ methods }) => methods.includes(method)),
    ),
  );
  return `| ${item} | ${title} | [${method}](protocol/${method}.md) | ${answeredBy} | ${proven || 'no end to end test yet'} | ${codes.join(' ')} |`;
}

function codeCell(code: number, proofs: readonly Proof[]): string {
  const proof = proofs.find(({ title }) => new RegExp(`\\b${code}\\b`).test(title));
  return proof === undefined ? String(code) : `[${code}](../${proof.file})`;
}

interface Proofs {
  readonly endToEnd: readonly Proof[];
  readonly everywhere: readonly Proof[];
}

function table(messages: readonly RpcDefinition[], proofs: Proofs): string {
  const rows = messages.map((definition) => row(definition, proofs));
  return ['| Item | Title | Message | Answered by | Proven by | Failure codes |', '|---|---|---|---|---|---|', ...rows].join('\n');
}

/** The files this source contributes to `npm run generate`: path below the repository and text. */
export function generateConformance(): ReadonlyMap<string, string> {
  const proofs = { endToEnd: proofsIn(endToEnd), everywhere: proofsIn(everywhere) };
  const text = `# Messages of device management and their proofs

Generated from the message definitions and the titles of the end to end tests. Each test goes through real sockets, from the user API to the effect
on the device and back. Titles are those of the contents list of H.627.2; names, members and codes are ours.

A failure code leads to a test in which the answering side refuses with it. A code without a link is one that the agent and the platform of this
repository never answer to that message; other devices may, and [each of them reaches the caller](../${passage}).

## The 32 messages of I.2

${table(Object.values(vdMessages), proofs)}

## Extensions

${table(Object.values(extensionMessages), proofs)}
`;
  return new Map([['docs/conformance.md', text]]);
}
