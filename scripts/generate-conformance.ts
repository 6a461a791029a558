import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { contents, extensionMessages, type RpcDefinition, vdMessages } from '../packages/protocol/src/index.ts';

/**
 * `docs/conformance.md`: every message of device management, who answers it, and the end to end tests that prove it. A test
 * proves a message when its title begins with the method, as in `'device.reboot: asked by its owner, ...'`.
 */

const root = join(import.meta.dirname, '..');

interface Proof {
  readonly file: string;
  readonly title: string;
}

function proofsByMethod(): ReadonlyMap<string, readonly Proof[]> {
  const proofs = globSync('test/e2e/device-management/*.test.ts', { cwd: root })
    .sort()
    .flatMap((file) => titlesOf(file).map((title) => ({ file, title })));
  return Map.groupBy(proofs, ({ title }) => /^([a-zA-Z]+\.[a-zA-Z]+): /.exec(title)?.[1] ?? '');
}

function titlesOf(file: string): readonly string[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(/\btest\(\s*(['"`])((?:(?!\1).)+)\1/g)].map((match) => match[2] ?? '');
}

function row(definition: RpcDefinition, proofs: readonly Proof[]): string {
  const { item } = definition.provenance;
  const title = contents.find(({ number }) => number === item)?.title.replace('An example of ', '') ?? 'not in the contents list';
  const answeredBy = definition.sender === 'platform' ? 'device' : 'platform';
  const tests = proofs.map((proof) => `[${proof.title.slice(definition.method.length + 2)}](../${proof.file})`).join('<br>');
  return `| ${item} | ${title} | [${definition.method}](protocol/${definition.method}.md) | ${answeredBy} | ${tests || 'no end to end test yet'} |`;
}

function table(messages: readonly RpcDefinition[], proofs: ReadonlyMap<string, readonly Proof[]>): string {
  const rows = messages.map((definition) => row(definition, proofs.get(definition.method) ?? []));
  return ['| Item | Title | Message | Answered by | Proven by |', '|---|---|---|---|---|', ...rows].join('\n');
}

/** The files this source contributes to `npm run generate`: path below the repository and text. */
export function generateConformance(): ReadonlyMap<string, string> {
  const proofs = proofsByMethod();
  const text = `# Messages of device management and their proofs

Generated from the message definitions and the titles of the end to end tests. Each test goes through real sockets, from the user API to the effect
on the device and back. Titles are those of the contents list of H.627.2; names, members and codes are ours.

## The 32 messages of I.2

${table(Object.values(vdMessages), proofs)}

## Extensions

${table(Object.values(extensionMessages), proofs)}
`;
  return new Map([['docs/conformance.md', text]]);
}
