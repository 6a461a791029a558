import type { ParamsOf, ResultOf, RpcDefinition } from '@cardea/protocol';

interface WaitingCommand {
  /** Of the definition it waits under. */
  params: object;
  readonly outcome: Promise<unknown>;
}

/** Lets a newer command take the place of one that still waits for its turn, where the message says that only the newest matters. */
export class CommandCoalescer {
  private readonly waiting = new Map<string, WaitingCommand>();

  /**
   * Runs `send` with the params that are the newest when the turn comes; `take` waits for that turn. Whoever was replaced
   * gets the same outcome. @throws what `take` or `send` throws
   */
  run<D extends RpcDefinition>(
    deviceId: string,
    definition: D,
    {
      params,
      take,
      send,
    }: {
      readonly params: ParamsOf<D>;
      readonly take: (command: () => Promise<ResultOf<D>>) => Promise<ResultOf<D>>;
      readonly send: (params: ParamsOf<D>) => Promise<ResultOf<D>>;
    },
  ): Promise<ResultOf<D>> {
    const key = `${deviceId} ${definition.method}`;
    const earlier = this.waiting.get(key);
    const merged = earlier && definition.coalesce?.(earlier.params, params);
    if (earlier !== undefined && merged !== undefined) {
      earlier.params = merged;
      // Commands under one key are of one definition.
      return earlier.outcome as Promise<ResultOf<D>>;
    }
    const leave = (): void => void (this.waiting.get(key) === command && this.waiting.delete(key));
    const outcome = take(() => {
      leave();
      return send(command.params as ParamsOf<D>);
    }).finally(leave);
    const command: WaitingCommand = { params, outcome };
    this.waiting.set(key, command);
    return outcome;
  }
}
