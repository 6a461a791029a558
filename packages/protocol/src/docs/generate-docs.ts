import { catalogue } from './catalogue.ts';
import { chainPage } from './chain-page.ts';
import { contentsPage } from './contents-page.ts';
import { errorsPage } from './errors-page.ts';
import { hasBody, schemaDocument } from './json-schema.ts';
import { messagePage } from './message-page.ts';
import { readmePage } from './readme-page.ts';
import { timersPage } from './timers-page.ts';

/** Paths, from the root of the repository, that hold nothing but what `generateDocs` writes. */
export const generatedPaths = ['docs/protocol', 'docs/errors.md'] as const;

/** Every derived document of the wire profile: path from the root of the repository -> text. Same input, same bytes. */
export function generateDocs(): Map<string, string> {
  const files = new Map<string, string>([
    ['docs/errors.md', errorsPage()],
    ['docs/protocol/README.md', readmePage()],
    ['docs/protocol/contents.md', contentsPage()],
    ['docs/protocol/segment-chain.md', chainPage()],
    ['docs/protocol/timers.md', timersPage()],
  ]);
  for (const entry of catalogue) {
    files.set(`docs/protocol/${entry.name}.md`, messagePage(entry));
    for (const part of entry.parts.filter(({ schema }) => hasBody(schema))) {
      const name = `${entry.name}.${part.name}`;
      files.set(`docs/protocol/schemas/${name}.json`, `${JSON.stringify(schemaDocument(name, part.schema), null, 2)}\n`);
    }
  }
  return files;
}
