import type { Clock } from './clock.ts';

interface Task {
  readonly run: () => void;
  readonly periodMs: number | undefined;
  atMs: number;
}

/** A clock that stands still until a test advances it. */
export class VirtualClock implements Clock {
  private readonly tasks = new Set<Task>();
  private now = 0;

  nowMs(): number {
    return 1_767_225_600_000 + this.now;
  }

  uptimeMs(): number {
    return this.now;
  }

  after(delayMs: number, run: () => void): Disposable {
    return this.add({ run, periodMs: undefined, atMs: this.now + delayMs });
  }

  every(periodMs: number, run: () => void): Disposable {
    return this.add({ run, periodMs, atMs: this.now + periodMs });
  }

  random(): number {
    return 0.5;
  }

  /** Lets `durationMs` pass: due tasks run in order, and promises settle in between. */
  async advance(durationMs: number): Promise<void> {
    const endMs = this.now + durationMs;
    await settle();
    for (let task = this.nextDue(endMs); task !== undefined; task = this.nextDue(endMs)) {
      this.now = task.atMs;
      if (task.periodMs === undefined) this.tasks.delete(task);
      else task.atMs += task.periodMs;
      task.run();
      await settle();
    }
    this.now = endMs;
  }

  private add(task: Task): Disposable {
    this.tasks.add(task);
    return { [Symbol.dispose]: () => this.tasks.delete(task) };
  }

  private nextDue(endMs: number): Task | undefined {
    return [...this.tasks].filter((task) => task.atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0];
  }
}

/** All that promises have to do by now. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
