import type { HeardNode } from '../node-registry.ts';
import { loadOf } from './media-report.ts';

interface KnownNodes {
  nodes(): readonly HeardNode[];
}

/** Older reports are of a process that may be gone: nothing new begins there (reliability.md B.2). */
const FRESH_MS = 5_000;
/** From here on whoever has a stream from the device serves nobody else when another has less to do, which then gets it from there. */
const BUSY_LOAD = 0.8;

/** Chooses the process that serves a session, by what each reported and what was sent there since. */
export class MediaChoice {
  private readonly registry: KnownNodes;
  private readonly promised = new Map<string, { readonly counted: number; sent: number }>();

  constructor(registry: KnownNodes) {
    this.registry = registry;
  }

  /** Processes that take sessions, the best first. `holder` has the stream already, which spares one copy of it between processes. */
  ranked(holder?: string): readonly string[] {
    const candidates = this.registry
      .nodes()
      .filter(({ silentMs, state }) => state === 'serving' && silentMs <= FRESH_MS)
      .flatMap((node) => (node.media === undefined ? [] : [{ id: node.id, load: loadOf(node.media, this.promisedTo(node)) }]))
      .toSorted((a, b) => a.load - b.load);
    const ids = candidates.map(({ id }) => id);
    const held = candidates.find(({ id, load }) => id === holder && load < BUSY_LOAD);
    return held === undefined ? ids : [held.id, ...ids.filter((id) => id !== held.id)];
  }

  /** Processes with live media, whether they take sessions or not. */
  all(): readonly string[] {
    return this.registry.nodes().flatMap(({ id, media }) => (media === undefined ? [] : [id]));
  }

  /** A session was sent to `id`, which its report does not count yet. */
  promise(id: string): void {
    const node = this.registry.nodes().find((candidate) => candidate.id === id);
    if (node?.media === undefined) return;
    this.promised.set(id, { counted: node.media.sessions, sent: this.promisedTo(node) + 1 });
  }

  private promisedTo({ id, media }: HeardNode): number {
    const known = this.promised.get(id);
    return known !== undefined && known.counted === media?.sessions ? known.sent : 0;
  }
}
