import type { MessagesFrom, ParamsOf, ResultOf } from '@cardea/protocol';
import type { Action } from './actions.ts';

/** The Vd messages a user may send. */
type Commands = MessagesFrom<'platform'>;

export type CommandMethod = keyof Commands;

/** What a user has to be allowed to do to send a Vd message through `POST /devices/{id}/commands/{method}`. */
export const commandActions = {
  'alarm.trigger': 'configure',
  'binding.get': 'configure',
  'capability.get': 'view.live',
  'channel.reboot': 'configure',
  'config.get': 'configure',
  'config.reset': 'manage',
  'config.set': 'configure',
  'device.getStatus': 'view.live',
  'device.reboot': 'configure',
  'device.reschedule': 'manage',
  'disk.format': 'manage',
  'disk.getInfo': 'view.recordings',
  'firmware.getStatus': 'configure',
  'firmware.upgrade': 'manage',
  'live.push': 'manage',
  'live.requestKeyframe': 'view.live',
  'live.stop': 'manage',
  'log.upload': 'configure',
  'playback.control': 'view.recordings',
  'playback.getStatus': 'view.recordings',
  'playback.start': 'view.recordings',
  'power.keepAwake': 'control',
  'ptz.control': 'control',
  'ptz.getPresets': 'control',
  'record.list': 'view.recordings',
  'record.start': 'control',
  'record.stop': 'control',
  'record.sync': 'control',
  'snapshot.capture': 'view.live',
  'talk.start': 'control',
  'talk.stop': 'control',
  'time.get': 'configure',
  'time.set': 'configure',
} as const satisfies Record<CommandMethod, Action>;

/** Members the platform fills when they are left out: ids, addresses, tickets. */
type Filled = 'taskId' | 'sessionId' | 'target' | 'source' | 'ttlSec' | 'upload' | 'uploads' | 'url' | 'sizeBytes' | 'sha256';

type WithFillable<P> = P extends unknown ? Omit<P, Filled> & Partial<Pick<P, Extract<keyof P, Filled>>> : never;

export type CommandParams<M extends CommandMethod> = WithFillable<ParamsOf<Commands[M]>>;
export type CommandResult<M extends CommandMethod> = ResultOf<Commands[M]>;

/** Whether users may send `method`. */
export function isCommandMethod(method: string): method is CommandMethod {
  return Object.hasOwn(commandActions, method);
}
