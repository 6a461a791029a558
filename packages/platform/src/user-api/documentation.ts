import { API_PATH, createOpenApiDocument, type Route, routes } from '@cardea/api';
import type { FastifyInstance } from 'fastify';
import { escapeHtml } from '../http/escape-html.ts';

/** The contract to read: `/api/v1/openapi.json` for programs, `/api/docs` for people. */
export function registerDocumentation(app: FastifyInstance): void {
  const document = JSON.stringify(createOpenApiDocument());
  const page = renderPage(routes);
  app.get(`${API_PATH}/openapi.json`, async (_request, reply) => reply.type('application/json').send(document));
  app.get('/api/docs', async (_request, reply) => reply.type('text/html; charset=utf-8').send(page));
  app.get('/api/docs/style.css', async (_request, reply) => reply.type('text/css').send(STYLE));
}

function renderPage(table: readonly Route[]): string {
  const rows = table.map(
    ({ id, method, path, summary }) =>
      `<tr id="${id}"><td><code>${method}</code></td><td><code>${escapeHtml(API_PATH + path)}</code></td><td>${escapeHtml(summary)}</td></tr>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Cardea user API</title>
<link rel="stylesheet" href="/api/docs/style.css">
</head>
<body>
<main>
<h1>Cardea user API</h1>
<p>Everything the app does. Parameters, bodies and answers are in the <a href="${API_PATH}/openapi.json">OpenAPI document</a>.
Log in with <code>POST ${API_PATH}/sessions</code> and send its token as <code>Authorization: Bearer</code>.</p>
<table>
<thead><tr><th scope="col">Method</th><th scope="col">Path</th><th scope="col">What it does</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>
</main>
</body>
</html>
`;
}

const STYLE = `:root { color-scheme: light dark; font: 15px/22px system-ui, sans-serif; }
main { max-width: 1000px; margin: 0 auto; padding: 24px 16px; }
h1 { font-size: 20px; line-height: 28px; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 8px; border-bottom: 1px solid color-mix(in srgb, currentColor 15%, transparent); }
td:nth-child(-n + 2) { white-space: nowrap; }
`;
