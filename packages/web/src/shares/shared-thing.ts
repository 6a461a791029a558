import type { SharedThing } from '@cardea/api';
import type { LiveSource } from '../player/live-source.ts';

/** A link refused: with `locked` it asks for a passcode, otherwise nothing is there (any more). */
export class ShareRefusal extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`the share answered ${status}`);
    this.status = status;
  }

  get locked(): boolean {
    return this.status === 401;
  }
}

function pathOf(token: string): string {
  return `/s/${encodeURIComponent(token)}`;
}

/** What a link shows. @throws ShareRefusal */
export async function readShare(token: string, signal: AbortSignal): Promise<SharedThing> {
  const response = await fetch(`${pathOf(token)}/about`, { signal, credentials: 'same-origin' });
  if (!response.ok) throw new ShareRefusal(response.status);
  return (await response.json()) as SharedThing;
}

/** Lets this browser in. @throws ShareRefusal 401 for a wrong passcode, 429 after too many */
export async function unlockShare(token: string, passcode: string): Promise<void> {
  const response = await fetch(`${pathOf(token)}/unlock`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    credentials: 'same-origin',
    body: JSON.stringify({ passcode }),
  });
  if (!response.ok) throw new ShareRefusal(response.status);
}

/** The live picture of a link. The connection keeps the right alive by itself. */
export function createSharedSource(token: string): LiveSource {
  const url = new URL(`${pathOf(token)}/live/ws`, location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return {
    open: async ({ signal }) => {
      // Says whether the link still works, which a refused WebSocket does not.
      await readShare(token, signal);
      return { url: url.href, renew: async () => {}, end: () => {} };
    },
    isFinal: (error) => error instanceof ShareRefusal && error.status < 500,
  };
}

/** Where the recording of a link is, as one file. */
export function sharedClipUrl(token: string): string {
  return `${pathOf(token)}/clip.mp4`;
}

export function sharedPictureUrl(token: string, number: number): string {
  return `${pathOf(token)}/pictures/${number}`;
}
