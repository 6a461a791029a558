import {
  closeCodes,
  decodeEnvelope,
  type Envelope,
  encodeEnvelope,
  type Malformed,
  type NotificationEnvelope,
  type ParamsOf,
  type RequestEnvelope,
  type ResultOf,
  type RpcDefinition,
  type RpcId,
  validateParams,
  validateResult,
  vdLimits,
} from '@cardea/protocol';
import type { Clock } from './clock.ts';
import { AppError } from './errors.ts';
import type { Link } from './link.ts';
import type { Logger } from './logger.ts';
import { PendingCalls } from './pending-calls.ts';
import { TokenBucket } from './token-bucket.ts';

export interface IncomingCall {
  /** Aborts when the connection ends. */
  readonly signal: AbortSignal;
  /** False for a notification: no answer goes out, whatever the handler returns. */
  readonly wantsAnswer: boolean;
}

/** Answers one message. Params are validated; the result is validated before it leaves. Throws AppError to refuse. */
export type CallHandler = (definition: RpcDefinition, params: unknown, call: IncomingCall) => Promise<unknown>;

export interface RpcPeerOptions {
  readonly link: Link;
  /** The definition of a message the other end may send, or `undefined` when it has no such method. */
  readonly accepts: (method: string) => RpcDefinition | undefined;
  readonly handle: CallHandler;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Largest number of unanswered requests in each direction. */
  readonly maxInFlight?: number;
  /** Any sign of life of the other end. */
  readonly onActivity?: () => void;
  /** The connection ended, by either side; called once. */
  readonly onClose?: (code: number, reason: string) => void;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Replaces the deadline of the definition. */
  readonly timeoutMs?: number;
}

/**
 * One end of a Vd connection: JSON-RPC 2.0 both ways over a `Link`. Every call ends exactly once, as result, error,
 * timeout or end of connection; late and unknown answers are ignored. Both ends of Cardea use this class.
 * @see H.627.2 9.3.2.1.1 and 9.3.2.1.2 (titles only); profile hss-open-1 section B3
 */
export class RpcPeer {
  private readonly options: RpcPeerOptions;
  private readonly pending: PendingCalls;
  private readonly ended = new AbortController();
  private readonly malformed: TokenBucket;
  private incoming = 0;

  constructor(options: RpcPeerOptions) {
    this.options = options;
    this.pending = new PendingCalls(options.clock, options.maxInFlight ?? vdLimits.maxInFlight);
    this.malformed = new TokenBucket(
      { burst: vdLimits.maxMalformedPerMin - 1, perSecond: vdLimits.maxMalformedPerMin / 60 },
      options.clock,
    );
  }

  /** Starts to receive. Call once. */
  start(): void {
    this.options.link.open({
      onText: (text) => this.receive(text),
      onBinary: () => this.close(closeCodes.UNSUPPORTED_DATA.code, 'binary frames are reserved'),
      onClose: (code, reason) => this.end(code, reason),
    });
  }

  /** Requests that wait for an answer of the other end. */
  get pendingCount(): number {
    return this.pending.count;
  }

  /**
   * Sends a request and resolves with its validated result. Aborting `signal` stops waiting; the other end may still act.
   * @throws AppError TIMEOUT | CANCELLED | LIMIT_EXCEEDED (too many unanswered) | GOING_AWAY (connection ended) | UNSPECIFIED
   * (answer outside the profile) | the status the other end answered, with `remote` set
   */
  async call<D extends RpcDefinition>(definition: D, params: ParamsOf<D>, { signal, timeoutMs }: CallOptions = {}): Promise<ResultOf<D>> {
    if (this.ended.signal.aborted) throw new AppError('GOING_AWAY');
    const result = await this.pending.add((id) => this.send({ kind: 'request', id, method: definition.method, params }), {
      timeoutMs: timeoutMs ?? definition.timeoutMs,
      ...(signal && { signal }),
    });
    const checked = validateResult(definition, result);
    if (!checked.ok) throw new AppError('UNSPECIFIED', { method: definition.method, problems: checked.problems });
    return checked.value;
  }

  /** Sends a message that asks for no answer; it is lost when the connection is. */
  notify<D extends RpcDefinition>(definition: D, params: ParamsOf<D>): void {
    this.send({ kind: 'notification', method: definition.method, params });
  }

  close(code: number, reason: string): void {
    this.options.link.close(code, reason);
  }

  private receive(text: string): void {
    this.options.onActivity?.();
    const envelope = decodeEnvelope(text);
    switch (envelope.kind) {
      case 'success':
        this.pending.resolve(envelope.id, envelope.result);
        break;
      case 'error':
        if (envelope.id !== null) this.pending.reject(envelope.id, AppError.fromRemote(envelope.error));
        break;
      case 'malformed':
        this.refuseMalformed(envelope);
        break;
      default:
        void this.answer(envelope);
    }
  }

  private refuseMalformed({ id, status, reason }: Malformed): void {
    if (id !== undefined) this.fail(id, new AppError(status, undefined, { message: reason }));
    if (this.malformed.take() > 0) this.close(closeCodes.PROTOCOL_ERROR.code, 'too many malformed messages');
  }

  /** Never rejects: whatever goes wrong becomes the answer. */
  private async answer(envelope: RequestEnvelope | NotificationEnvelope): Promise<void> {
    const id = envelope.kind === 'request' ? envelope.id : undefined;
    this.incoming += 1;
    try {
      const result = await this.dispatch(envelope.method, envelope.params, id !== undefined);
      if (id !== undefined) this.send({ kind: 'success', id, result });
    } catch (thrown) {
      const error = AppError.from(thrown);
      if (error.status === 'INTERNAL_ERROR')
        this.options.logger.error({ err: thrown, method: envelope.method }, 'a message handler failed');
      if (id !== undefined) this.fail(id, error);
    } finally {
      this.incoming -= 1;
    }
  }

  private async dispatch(method: string, params: unknown, wantsAnswer: boolean): Promise<unknown> {
    const definition = this.options.accepts(method);
    if (definition === undefined) throw new AppError('METHOD_NOT_FOUND', { method });
    if (this.incoming > (this.options.maxInFlight ?? vdLimits.maxInFlight))
      throw new AppError('LIMIT_EXCEEDED', { inFlight: this.incoming });
    const checked = validateParams(definition, params);
    if (!checked.ok) throw new AppError('INVALID_PARAMS', { problems: checked.problems });
    const result = await this.options.handle(definition, checked.value, { signal: this.ended.signal, wantsAnswer });
    if (!wantsAnswer) return undefined;
    const outgoing = validateResult(definition, result);
    if (!outgoing.ok) throw new AppError('INTERNAL_ERROR', { method }, { cause: outgoing.problems });
    return outgoing.value;
  }

  private fail(id: RpcId | null, error: AppError): void {
    this.send({ kind: 'error', id, error: error.toWireError() });
  }

  private send(envelope: Envelope): void {
    this.options.link.sendText(encodeEnvelope(envelope));
  }

  private end(code: number, reason: string): void {
    if (this.ended.signal.aborted) return;
    const gone = new AppError('GOING_AWAY', { closeCode: code });
    this.ended.abort(gone);
    this.pending.rejectAll(gone);
    this.options.onClose?.(code, reason);
  }
}
