import type { ParamsOf, Party, ResultOf, RpcDefinition } from '../message.ts';
import { alarmNotification } from './alarm-notification.ts';
import { batteryChange } from './battery-change.ts';
import { bindingReport } from './binding-report.ts';
import { controlPlaying } from './control-playing.ts';
import { channelChange } from './extensions/channel-change.ts';
import { configChange } from './extensions/config-change.ts';
import { fallAsleep } from './extensions/fall-asleep.ts';
import { firmwareChange } from './extensions/firmware-change.ts';
import { getBinding } from './extensions/get-binding.ts';
import { listRecordings } from './extensions/list-recordings.ts';
import { liveChange } from './extensions/live-change.ts';
import { requestKeyframe } from './extensions/request-keyframe.ts';
import { startTalking } from './extensions/start-talking.ts';
import { stopTalking } from './extensions/stop-talking.ts';
import { syncRecordings } from './extensions/sync-recordings.ts';
import { triggerAlarm } from './extensions/trigger-alarm.ts';
import { formatDisk } from './format-disk.ts';
import { getCapabilityList } from './get-capability-list.ts';
import { getDeviceConfiguration } from './get-device-configuration.ts';
import { getDiskInformation } from './get-disk-information.ts';
import { getPtzPresetList } from './get-ptz-preset-list.ts';
import { getServerInformation } from './get-server-information.ts';
import { keepAliveReport } from './keep-alive-report.ts';
import { keepAwake } from './keep-awake.ts';
import { ptzControl } from './ptz-control.ts';
import { pushLiveVideo } from './push-live-video.ts';
import { queryDeviceStatus } from './query-device-status.ts';
import { queryDeviceTime } from './query-device-time.ts';
import { queryPlayingStatus } from './query-playing-status.ts';
import { queryUpgradingStatus } from './query-upgrading-status.ts';
import { rebootChannel } from './reboot-channel.ts';
import { rebootDevice } from './reboot-device.ts';
import { rescheduleDevice } from './reschedule-device.ts';
import { resetDeviceConfiguration } from './reset-device-configuration.ts';
import { setDeviceConfiguration } from './set-device-configuration.ts';
import { setDeviceTime } from './set-device-time.ts';
import { snapshot } from './snapshot.ts';
import { startPlaying } from './start-playing.ts';
import { startRecording } from './start-recording.ts';
import { stopLiveVideo } from './stop-live-video.ts';
import { stopRecording } from './stop-recording.ts';
import { upgradeFirmware } from './upgrade-firmware.ts';
import { uploadLog } from './upload-log.ts';
import { uploadLogDone } from './upload-log-done.ts';

type ByMethod<List extends readonly RpcDefinition[]> = { readonly [Message in List[number] as Message['method']]: Message };

function byMethod<const List extends readonly RpcDefinition[]>(list: List): ByMethod<List>;
function byMethod(list: readonly RpcDefinition[]): Readonly<Record<string, RpcDefinition>> {
  return Object.fromEntries(list.map((message) => [message.method, message]));
}

/** The 32 messages of Appendix I.2, in its order, keyed by method. A strict peer speaks only these. */
export const vdMessages = byMethod([
  keepAliveReport,
  getServerInformation,
  bindingReport,
  rebootChannel,
  rebootDevice,
  rescheduleDevice,
  upgradeFirmware,
  queryUpgradingStatus,
  setDeviceTime,
  queryDeviceTime,
  queryDeviceStatus,
  pushLiveVideo,
  stopLiveVideo,
  startRecording,
  stopRecording,
  alarmNotification,
  ptzControl,
  getPtzPresetList,
  getDeviceConfiguration,
  setDeviceConfiguration,
  resetDeviceConfiguration,
  snapshot,
  startPlaying,
  controlPlaying,
  queryPlayingStatus,
  keepAwake,
  batteryChange,
  getCapabilityList,
  uploadLog,
  uploadLogDone,
  getDiskInformation,
  formatDisk,
]);

/** What the contents list does not name: announced in `CapabilitySet`, never required, keyed by method. */
export const extensionMessages = byMethod([
  getBinding,
  listRecordings,
  syncRecordings,
  requestKeyframe,
  liveChange,
  firmwareChange,
  configChange,
  channelChange,
  fallAsleep,
  startTalking,
  stopTalking,
  triggerAlarm,
]);

export const allVdMessages = { ...vdMessages, ...extensionMessages } as const;

type VdTable = typeof allVdMessages;

/** Every method name of Vd. */
export type VdMethod = keyof VdTable;
export type VdMessage = VdTable[VdMethod];

/** The messages `Sender` sends, keyed by method. */
export type MessagesFrom<Sender extends Party, Table extends Readonly<Record<string, RpcDefinition>> = VdTable> = {
  readonly [Method in keyof Table as Table[Method]['sender'] extends Sender ? Method : never]: Table[Method];
};

/**
 * A table with one handler for each message of `Sender`: written as an object literal of this type (or with `satisfies`),
 * a missing handler is a compile error. `Context` is what the receiver hands to every handler.
 */
export type HandlersFor<Sender extends Party, Context, Table extends Readonly<Record<string, RpcDefinition>> = VdTable> = {
  readonly [Method in keyof MessagesFrom<Sender, Table>]: (
    params: ParamsOf<MessagesFrom<Sender, Table>[Method]>,
    context: Context,
  ) => Promise<ResultOf<MessagesFrom<Sender, Table>[Method]>>;
};

const definitions: ReadonlyMap<string, VdMessage> = new Map(Object.values(allVdMessages).map((message) => [message.method, message]));

/** The definition of a method read from the wire, or `undefined` when this profile has none. */
export function vdMessageOf(method: string): VdMessage | undefined {
  return definitions.get(method);
}
