import { createOpenApiDocument } from '../packages/api/src/index.ts';

/** The files this source contributes to `npm run generate`: path below the repository and text. */
export function generateOpenApi(): ReadonlyMap<string, string> {
  return new Map([['docs/openapi.json', `${JSON.stringify(createOpenApiDocument(), null, 2)}\n`]]);
}
