import { AppError } from '@cardea/core';
import type { DetachedConnection, LiveDevice, LocalConnections, Presence } from '../ports.ts';

type Change = { readonly deviceId: string; readonly presence: Presence };

/** The connections of one process, as a test says they are. Answers every call with the name of the process. */
export class FakeConnections implements LocalConnections {
  /** What was asked of it, in order. */
  readonly log: string[] = [];
  private readonly name: string;
  private readonly presences = new Map<string, Presence>();
  private readonly watchers = new Set<(change: Change) => void>();

  constructor(name: string) {
    this.name = name;
  }

  /** The device comes, goes or falls silent here. */
  set(deviceId: string, presence: Presence): void {
    if (presence === 'offline') this.presences.delete(deviceId);
    else this.presences.set(deviceId, presence);
    for (const onChange of this.watchers) onChange({ deviceId, presence });
  }

  get connectionCount(): number {
    return [...this.presences.values()].filter((presence) => presence === 'online').length;
  }

  call: LocalConnections['call'] = async (deviceId, definition) => {
    if (this.presences.get(deviceId) !== 'online') throw new AppError('DEVICE_OFFLINE');
    this.log.push(`call ${deviceId} ${definition.method}`);
    return { by: this.name } as never;
  };

  presenceOf(deviceId: string): Presence {
    return this.presences.get(deviceId) ?? 'offline';
  }

  lastHeardAt(deviceId: string): number | undefined {
    return this.presences.has(deviceId) ? 1 : undefined;
  }

  watch(onChange: (change: Change) => void): Disposable {
    this.watchers.add(onChange);
    return { [Symbol.dispose]: () => void this.watchers.delete(onChange) };
  }

  expect(deviceIds: readonly string[]): void {
    this.log.push(`expect ${deviceIds.join(' ')}`);
    for (const deviceId of deviceIds) this.set(deviceId, 'suspect');
  }

  announceSleep(): void {}

  detach(deviceId: string): DetachedConnection {
    this.log.push(`detach ${deviceId}`);
    this.set(deviceId, 'offline');
    return {
      call: async (definition) => {
        this.log.push(`farewell ${deviceId} ${definition.method}`);
        return {} as never;
      },
      close: (code) => void this.log.push(`close ${deviceId} ${code}`),
    };
  }

  dismiss(deviceId: string, code: number): void {
    this.log.push(`dismiss ${deviceId} ${code}`);
    this.set(deviceId, 'offline');
  }

  known(): readonly string[] {
    return [...this.presences.keys()];
  }

  live(): readonly LiveDevice[] {
    return [];
  }

  stopAdmitting(): void {}

  handOver(deviceId: string): void {
    this.log.push(`handOver ${deviceId}`);
    this.presences.delete(deviceId);
  }
}
