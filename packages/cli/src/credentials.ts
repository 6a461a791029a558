import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

export interface Credentials {
  readonly url: string;
  readonly token: string;
}

function credentialsPath(): string {
  return join(process.env.XDG_CONFIG_HOME ?? join(homedir(), '.config'), 'cardea', 'credentials.json');
}

/** Keeps what `cardea login` obtained, readable by this user alone. */
export async function saveCredentials(credentials: Credentials): Promise<string> {
  const path = credentialsPath();
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFile(path, `${JSON.stringify(credentials)}\n`, { mode: 0o600 });
  return path;
}

/** Flags before environment (`CARDEA_URL`, `CARDEA_TOKEN`) before `cardea login`. @throws Error saying how to log in */
export async function findCredentials(flags: Partial<Credentials>): Promise<Credentials> {
  const saved = await readFile(credentialsPath(), 'utf8').then(
    (text) => JSON.parse(text) as Partial<Credentials>,
    () => ({}) as Partial<Credentials>,
  );
  const url = flags.url ?? process.env.CARDEA_URL ?? saved.url ?? 'http://127.0.0.1:8780';
  const token = flags.token ?? process.env.CARDEA_TOKEN ?? saved.token;
  if (token === undefined) throw new Error(`not logged in; use: cardea login --url ${url} --email YOU@EXAMPLE.ORG`);
  return { url, token };
}
