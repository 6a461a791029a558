import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Where the built web app lies: beside the web package in the repository, inside this package when published. */
export function findWebDirectory(): string | undefined {
  const places = [new URL('../../web/dist/', import.meta.url), new URL('../web/', import.meta.url)].map((url) => fileURLToPath(url));
  return places.find((place) => existsSync(`${place}index.html`));
}
