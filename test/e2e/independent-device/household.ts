import { type Json, objectAt, parseObject, textAt } from './json.ts';

/** What a user of the platform gets to read: the status of the answer and its JSON. */
export interface Reply {
  readonly status: number;
  readonly body: Json;
}

/** One owner with one home, who speaks the user API with nothing but `fetch`. */
export class Household {
  readonly url: string;
  readonly homeId: string;
  private readonly token: string;

  private constructor(url: string, token: string, homeId: string) {
    this.url = url;
    this.token = token;
    this.homeId = homeId;
  }

  /** Follows the set-up link of a new platform at `url` and makes a home. */
  static async setUp(url: string, setUpLink: string): Promise<Household> {
    const setupToken = new URL(setUpLink).searchParams.get('token');
    const person = { email: 'owner@example.org', password: 'correct horse battery', name: 'Owner' };
    const { body } = await ask(`${url}/api/v1/setup`, 'POST', undefined, { setupToken, ...person });
    const token = textAt(body, 'token');
    const home = await ask(`${url}/api/v1/homes`, 'POST', token, { name: 'Home', timezone: 'Europe/Berlin' });
    return new Household(url, token, textAt(home.body, 'id'));
  }

  /** One call of the user API, `path` after `/api/v1`. */
  async call(method: string, path: string, body?: Json): Promise<Reply> {
    return await ask(`${this.url}/api/v1${path}`, method, this.token, body);
  }

  /** The bytes of a stored video segment, or of a `range` of it. */
  async media(segmentId: string, range?: string): Promise<Response> {
    const headers = { authorization: `Bearer ${this.token}`, ...(range && { range }) };
    return await fetch(`${this.url}/api/v1/segments/${segmentId}/media`, { headers });
  }

  /** A fresh code for binding a device to the home. */
  async bindingCode(): Promise<string> {
    return textAt((await this.call('POST', `/homes/${this.homeId}/binding-codes`, {})).body, 'code');
  }

  /** Begins to watch and resolves with the session and the address of its WebSocket. */
  async watch(deviceId: string): Promise<{ readonly sessionId: string; readonly ws: string }> {
    const { status, body } = await this.call('POST', `/devices/${deviceId}/live`, { channel: 1, stream: 'main' });
    if (status !== 201) throw new Error(`live was answered ${status} ${JSON.stringify(body)}`);
    return { sessionId: textAt(body, 'sessionId'), ws: textAt(objectAt(body, 'urls'), 'ws') };
  }
}

async function ask(url: string, method: string, token: string | undefined, body: Json | undefined): Promise<Reply> {
  const response = await fetch(url, {
    method,
    headers: { ...(token && { authorization: `Bearer ${token}` }), ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : parseObject(text) };
}
