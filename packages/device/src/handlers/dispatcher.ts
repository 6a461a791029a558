import { AppError, type IncomingCall } from '@cardea/core';
import type { MessagesFrom, ParamsOf, ResultOf, RpcDefinition } from '@cardea/protocol';
import type { HandlerContext } from './context.ts';
import { handlers, isPlatformMethod, type PlatformMethod } from './index.ts';

type Message<M extends PlatformMethod> = MessagesFrom<'platform'>[M];

const MAX_OUTCOMES = 256;

/** Brings each message of the platform to its handler. A repeated task is not done twice: it gets its first outcome (B3). */
export class Dispatcher {
  private readonly context: Omit<HandlerContext, 'signal'>;
  private readonly outcomes = new Map<string, Promise<unknown>>();

  constructor(context: Omit<HandlerContext, 'signal'>) {
    this.context = context;
  }

  /** `params` have been validated. @throws AppError NOT_BOUND while the device belongs to nobody, or what the handler throws */
  async handle(definition: RpcDefinition, params: unknown, { signal }: IncomingCall): Promise<unknown> {
    const { method } = definition;
    if (!isPlatformMethod(method)) throw new AppError('METHOD_NOT_FOUND', { method });
    if (definition.unbound !== true) await this.assertBound();
    const run = (): Promise<unknown> => call(method, decodedParams(method, params), { ...this.context, signal });
    const task = taskOf(definition, params);
    return task === undefined ? await run() : await this.once(task, run);
  }

  /** The platform counts the device as bound when it says so; here it is once that is written. */
  private async assertBound(): Promise<void> {
    const { binding } = this.context;
    if (!binding.bound) await binding.settled();
    if (!binding.bound) throw new AppError('NOT_BOUND');
  }

  private once(task: string, run: () => Promise<unknown>): Promise<unknown> {
    const known = this.outcomes.get(task);
    if (known !== undefined) return known;
    const outcome = run();
    this.outcomes.set(task, outcome);
    if (this.outcomes.size > MAX_OUTCOMES) {
      const [oldest] = this.outcomes.keys();
      if (oldest !== undefined) this.outcomes.delete(oldest);
    }
    // A task that was refused has not begun: asked again it is judged again.
    outcome.catch(() => this.outcomes.delete(task));
    return outcome;
  }
}

function call<M extends PlatformMethod>(method: M, params: ParamsOf<Message<M>>, context: HandlerContext): Promise<ResultOf<Message<M>>> {
  return handlers[method](params, context);
}

/** The peer has judged the params by the definition of `method`; the compiler cannot know that. */
function decodedParams<M extends PlatformMethod>(_method: M, params: unknown): ParamsOf<Message<M>> {
  return params as ParamsOf<Message<M>>;
}

/** These keep what became of a task themselves, also over a restart. */
const keepOwnTasks: ReadonlySet<string> = new Set(['record.sync', 'firmware.upgrade']);

/** Names the task a message starts; the platform mints its id. */
function taskOf({ method, platformFills }: RpcDefinition, params: unknown): string | undefined {
  if (
    keepOwnTasks.has(method) ||
    platformFills?.includes('taskId') !== true ||
    typeof params !== 'object' ||
    params === null ||
    !('taskId' in params)
  )
    return undefined;
  return typeof params.taskId === 'string' ? `${method} ${params.taskId}` : undefined;
}
