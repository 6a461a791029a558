import type { UpgradeState } from '@cardea/api';
import { firmwareTimers, type UpgradeStatus } from '@cardea/protocol';
import type { Row } from '../store/ports.ts';

export type TaskRow = Row<'firmware_task'>;

/** After these nothing more happens to the upgrade of a device. */
const finalStates: ReadonlySet<string> = new Set<UpgradeState>(['succeeded', 'failed', 'rolledBack', 'cancelled', 'lost', 'skipped']);
const failedStates: ReadonlySet<string> = new Set<UpgradeState>(['failed', 'rolledBack', 'lost']);
/** In these something is going on, so that silence means trouble. */
const busyStates: ReadonlySet<string> = new Set<UpgradeState>(['accepted', 'downloading', 'installing', 'rebooting', 'checking']);

export const hasEnded = ({ state }: Pick<TaskRow, 'state'>): boolean => finalStates.has(state);
export const hasFailed = ({ state }: Pick<TaskRow, 'state'>): boolean => failedStates.has(state);

/**
 * The state of a task after the device told `status`; `undefined` when that says nothing about this task. A device that
 * reports success has only come back: whether it works is checked then.
 */
export function stateAfter(task: Pick<TaskRow, 'id' | 'version'>, status: UpgradeStatus): UpgradeState | undefined {
  const runs = status.currentVersion === task.version;
  if (status.taskId !== task.id) return runs ? 'checking' : undefined;
  if (status.state === 'succeeded') return runs ? 'checking' : 'rolledBack';
  return status.state === 'idle' ? undefined : status.state;
}

/** How long the device may stay silent, or take to prove itself (C10 step 6). */
function patienceMs({ expected_down_sec }: Pick<TaskRow, 'expected_down_sec'>): number {
  return expected_down_sec * 1_000 + firmwareTimers.lostMarginMs;
}

/** How a task ends that nothing is heard of any more, or whose device came back and does not work. */
export function overdueState(task: TaskRow, now: number): 'lost' | 'failed' | undefined {
  if (busyStates.has(task.state) && now - (task.heard_at ?? task.created_at) > patienceMs(task)) return 'lost';
  return task.state === 'checking' && now - task.changed_at > patienceMs(task) ? 'failed' : undefined;
}
