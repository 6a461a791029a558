import assert from 'node:assert/strict';
import { AppError, type Clock } from '@cardea/core';
import { type ParamsOf, pushLiveVideo, type ResultOf, type RpcDefinition, stopLiveVideo } from '@cardea/protocol';
import type { DeviceCommands } from '../ports.ts';

interface Call {
  readonly deviceId: string;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

type Behaviour = (params: Readonly<Record<string, unknown>>) => unknown;

/** A device as its commands see it: agrees to everything until told otherwise, and remembers what it was asked. */
export class FakeDevice implements DeviceCommands {
  readonly calls: Call[] = [];
  private readonly clock: Clock;
  private readonly behaviours = new Map<string, Behaviour | 'mute'>();
  private offline = false;

  constructor(clock: Clock) {
    this.clock = clock;
    this.answer(pushLiveVideo);
    this.answer(stopLiveVideo);
  }

  get methods(): readonly string[] {
    return this.calls.map(({ method }) => method);
  }

  get pushes(): number {
    return this.methods.filter((method) => method === pushLiveVideo.method).length;
  }

  /** Where it was told to publish last. */
  get pushTarget(): { readonly protocol: string; readonly url: string; readonly token: string } {
    const target = Object(this.calls.findLast(({ method }) => method === pushLiveVideo.method)?.params.target);
    assert.ok('url' in target && 'token' in target, 'nobody asked the camera to publish');
    return { protocol: String(target.protocol), url: String(target.url), token: String(target.token) };
  }

  /** Answers with the definition's first example, or with what `result` makes of the params. */
  answer(definition: RpcDefinition, result: Behaviour = () => definition.examples[0]?.result): void {
    this.behaviours.set(definition.method, result);
  }

  refuse(definition: RpcDefinition, code: number, message = 'refused'): void {
    this.behaviours.set(definition.method, () => {
      throw AppError.fromRemote({ code, message });
    });
  }

  stayMute(definition: RpcDefinition): void {
    this.behaviours.set(definition.method, 'mute');
  }

  goOffline(): void {
    this.offline = true;
  }

  comeBack(): void {
    this.offline = false;
  }

  async call<D extends RpcDefinition>(
    deviceId: string,
    definition: D,
    params: ParamsOf<D>,
    { signal, timeoutMs = definition.timeoutMs }: { readonly signal?: AbortSignal; readonly timeoutMs?: number },
  ): Promise<ResultOf<D>> {
    const plain = params as Readonly<Record<string, unknown>>;
    this.calls.push({ deviceId, method: definition.method, params: plain });
    if (this.offline) throw new AppError('DEVICE_OFFLINE');
    const behaviour = this.behaviours.get(definition.method);
    if (behaviour === undefined) throw new AppError('METHOD_NOT_FOUND');
    if (behaviour === 'mute') await this.silence(timeoutMs, signal);
    return (behaviour === 'mute' ? undefined : behaviour(plain)) as ResultOf<D>;
  }

  private async silence(timeoutMs: number, signal: AbortSignal | undefined): Promise<never> {
    const { promise, reject } = Promise.withResolvers<never>();
    using _timer = this.clock.setTimer(timeoutMs, () => reject(new AppError('TIMEOUT')));
    signal?.addEventListener('abort', () => reject(new AppError('CANCELLED')), { once: true });
    return await promise;
  }
}
