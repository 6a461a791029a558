import { AppError, type Clock, hasStatus, withDeadline } from '@cardea/core';
import type { Exchange } from '../../store/ports.ts';
import type { NodeRegistry } from '../node-registry.ts';
import { type MediaCallName, type MediaParams, type MediaResult, nodeSubject, readMediaResult } from './media-calls.ts';
import type { MediaChoice } from './media-choice.ts';
import type { WaitOptions } from './ports.ts';

export interface MediaCallerOptions {
  readonly exchange: Exchange;
  readonly nodes: Pick<NodeRegistry, 'watch'>;
  readonly choice: MediaChoice;
  readonly nodeId: () => string;
  readonly clock: Clock;
}

/** How a session is placed. */
export interface Placing<N extends MediaCallName> extends WaitOptions {
  /** The process that has what is asked for already, if one has. */
  readonly holder?: string | undefined;
  /** Does it in this process, if live media are here. */
  readonly here?: (() => Promise<MediaResult<N>>) | undefined;
  /** The answer came when nobody waited for it any more. */
  readonly onUnwanted?: (answer: MediaResult<N>) => void;
}

export interface Placed<N extends MediaCallName> {
  readonly answer: MediaResult<N>;
  /** Another process did it. */
  readonly isElsewhere: boolean;
}

/** A device may have to be woken, and is asked twice. */
const PLACING_MS = 60_000;
const ANSWER_MS = 5_000;
const MAX_TRIES = 3;
const RETRY_AFTER_MS = 5_000;

/** Asks the processes of the platform that have live media. Every answer has a deadline. */
export class MediaCaller {
  private readonly options: MediaCallerOptions;

  constructor(options: MediaCallerOptions) {
    this.options = options;
  }

  /** @throws AppError NOT_FOUND when nobody serves `subject` | TIMEOUT | NO_CAPACITY while the others cannot be reached | what the other process threw */
  async ask<N extends MediaCallName>(subject: string, call: N, params: MediaParams<N>, timeoutMs = ANSWER_MS): Promise<MediaResult<N>> {
    return readMediaResult(call, await this.options.exchange.request(subject, { call, params }, { timeoutMs }));
  }

  /** As `ask`; `undefined` when nobody serves `subject`. */
  async askIfThere<N extends MediaCallName>(
    subject: string,
    call: N,
    params: MediaParams<N>,
    timeoutMs?: number,
  ): Promise<MediaResult<N> | undefined> {
    try {
      return await this.ask(subject, call, params, timeoutMs);
    } catch (error) {
      if (hasStatus(error, 'NOT_FOUND')) return undefined;
      throw error;
    }
  }

  /**
   * Has the best process do `call`, and the next best when that one is gone.
   * @throws AppError NO_CAPACITY when none takes sessions | TIMEOUT | CANCELLED | what the process threw
   */
  async place<N extends MediaCallName>(call: N, params: MediaParams<N>, placing: Placing<N>): Promise<Placed<N>> {
    const { choice, nodeId } = this.options;
    const { here, holder } = placing;
    for (const id of choice.ranked(holder).slice(0, MAX_TRIES)) {
      choice.promise(id);
      if (id === nodeId() && here !== undefined) return { answer: await here(), isElsewhere: false };
      try {
        return { answer: await this.placeAt(id, call, params, placing), isElsewhere: true };
      } catch (error) {
        if (!hasStatus(error, 'NOT_FOUND', 'GOING_AWAY')) throw error;
      }
    }
    throw new AppError('NO_CAPACITY', undefined, { retryAfterMs: RETRY_AFTER_MS });
  }

  /** Has the best of the other processes do `call`. @throws AppError NO_CAPACITY when there is none | TIMEOUT | what the process threw */
  async placeElsewhere<N extends MediaCallName>(call: N, params: MediaParams<N>): Promise<MediaResult<N>> {
    const { choice, nodeId } = this.options;
    for (const id of choice.ranked().filter((other) => other !== nodeId())) {
      choice.promise(id);
      const answer = await this.askIfThere(nodeSubject(id), call, params);
      if (answer !== undefined) return answer;
    }
    throw new AppError('NO_CAPACITY');
  }

  private async placeAt<N extends MediaCallName>(
    id: string,
    call: N,
    params: MediaParams<N>,
    { onUnwanted, signal }: Placing<N>,
  ): Promise<MediaResult<N>> {
    const { clock, nodes } = this.options;
    const gone = new AbortController();
    using _watch = nodes.watch({ onCome: () => {}, onGone: (nodeId) => nodeId === id && gone.abort() });
    const asked = this.ask(nodeSubject(id), call, params, PLACING_MS);
    try {
      return await withDeadline(clock, PLACING_MS, () => asked, { signal: AbortSignal.any([gone.signal, ...(signal ? [signal] : [])]) });
    } catch (error) {
      if (signal?.aborted) asked.then(onUnwanted, () => {});
      // What it was asked dies with it: the next one is asked at once.
      throw gone.signal.aborted && !signal?.aborted ? new AppError('GOING_AWAY', undefined, { cause: error }) : error;
    }
  }
}
