import type { ServerResponse } from 'node:http';
import type { AppError } from '@cardea/core';
import type { DirectRequest } from '../../http/direct-connection.ts';
import { answerHead, type HttpAnswer, refusalPieces, sendAnswer, sendRefusal } from '../http-answer.ts';

/** One request of a player, from its arrival until its answer has left or nobody waits for it any more. */
export interface HlsRequest {
  /** The answer has left, or whoever asked is gone. */
  readonly isClosed: boolean;
  /** Calls `action` once, when `isClosed` becomes true. */
  onClosed(action: () => void): void;
  /** Returns the bytes of the body that are sent. */
  answer(answer: HttpAnswer): number;
  refuse(error: AppError): void;
  /** Breaks an answer off that is on its way. */
  cut(): void;
}

/** A request that node:http has read. */
export function hlsRequestOf(response: ServerResponse): HlsRequest {
  return {
    get isClosed() {
      return response.closed;
    },
    onClosed: (action) => void response.once('close', action),
    answer: (answer) => sendAnswer(response, answer),
    refuse: (error) => sendRefusal(response, error),
    cut: () => void response.destroy(),
  };
}

/** A request on a direct connection. */
export class DirectHlsRequest implements HlsRequest {
  private readonly request: DirectRequest;
  private readonly now: () => number;

  /** `now` in Unix milliseconds. */
  constructor(request: DirectRequest, now: () => number) {
    this.request = request;
    this.now = now;
  }

  get isClosed(): boolean {
    return this.request.isClosed;
  }

  onClosed(action: () => void): void {
    this.request.onClosed = action;
  }

  answer(answer: HttpAnswer): number {
    const { pieces, sizeBytes, whole } = answer;
    const [piece] = pieces;
    if (whole !== undefined) this.request.send([whole]);
    else {
      const head = answerHead({ ...answer, at: this.now() });
      // A text goes out in one write with its head.
      this.request.send(pieces.length === 1 && typeof piece === 'string' ? [head + piece] : [head, ...pieces]);
    }
    return sizeBytes;
  }

  refuse(error: AppError): void {
    this.request.send(refusalPieces(error));
  }

  cut(): void {
    this.request.destroy();
  }
}
