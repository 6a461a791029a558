import type { HandlersFor } from '@cardea/protocol';
import type { HandlerContext } from './context.ts';
import { handleControlPlaying } from './control-playing.ts';
import { handleFormatDisk } from './format-disk.ts';
import { handleGetBinding } from './get-binding.ts';
import { handleGetCapabilityList } from './get-capability-list.ts';
import { handleGetDeviceConfiguration } from './get-device-configuration.ts';
import { handleGetDiskInformation } from './get-disk-information.ts';
import { handleGetPtzPresetList } from './get-ptz-preset-list.ts';
import { handleKeepAwake } from './keep-awake.ts';
import { handleListRecordings } from './list-recordings.ts';
import { handlePtzControl } from './ptz-control.ts';
import { handlePushLiveVideo } from './push-live-video.ts';
import { handleQueryDeviceStatus } from './query-device-status.ts';
import { handleQueryDeviceTime } from './query-device-time.ts';
import { handleQueryPlayingStatus } from './query-playing-status.ts';
import { handleQueryUpgradingStatus } from './query-upgrading-status.ts';
import { handleRebootChannel } from './reboot-channel.ts';
import { handleRebootDevice } from './reboot-device.ts';
import { handleRequestKeyframe } from './request-keyframe.ts';
import { handleRescheduleDevice } from './reschedule-device.ts';
import { handleResetDeviceConfiguration } from './reset-device-configuration.ts';
import { handleSetDeviceConfiguration } from './set-device-configuration.ts';
import { handleSetDeviceTime } from './set-device-time.ts';
import { handleSnapshot } from './snapshot.ts';
import { handleStartPlaying } from './start-playing.ts';
import { handleStartRecording } from './start-recording.ts';
import { handleStartTalking } from './start-talking.ts';
import { handleStopLiveVideo } from './stop-live-video.ts';
import { handleStopRecording } from './stop-recording.ts';
import { handleStopTalking } from './stop-talking.ts';
import { handleSyncRecordings } from './sync-recordings.ts';
import { handleTriggerAlarm } from './trigger-alarm.ts';
import { handleUpgradeFirmware } from './upgrade-firmware.ts';
import { handleUploadLog } from './upload-log.ts';

/** One handler for each message the platform may send; a missing one does not compile. */
export const handlers: HandlersFor<'platform', HandlerContext> = {
  'channel.reboot': handleRebootChannel,
  'device.reboot': handleRebootDevice,
  'device.reschedule': handleRescheduleDevice,
  'firmware.upgrade': handleUpgradeFirmware,
  'firmware.getStatus': handleQueryUpgradingStatus,
  'time.set': handleSetDeviceTime,
  'time.get': handleQueryDeviceTime,
  'device.getStatus': handleQueryDeviceStatus,
  'live.push': handlePushLiveVideo,
  'live.stop': handleStopLiveVideo,
  'record.start': handleStartRecording,
  'record.stop': handleStopRecording,
  'ptz.control': handlePtzControl,
  'ptz.getPresets': handleGetPtzPresetList,
  'config.get': handleGetDeviceConfiguration,
  'config.set': handleSetDeviceConfiguration,
  'config.reset': handleResetDeviceConfiguration,
  'snapshot.capture': handleSnapshot,
  'playback.start': handleStartPlaying,
  'playback.control': handleControlPlaying,
  'playback.getStatus': handleQueryPlayingStatus,
  'power.keepAwake': handleKeepAwake,
  'capability.get': handleGetCapabilityList,
  'log.upload': handleUploadLog,
  'disk.getInfo': handleGetDiskInformation,
  'disk.format': handleFormatDisk,
  'binding.get': handleGetBinding,
  'record.list': handleListRecordings,
  'record.sync': handleSyncRecordings,
  'live.requestKeyframe': handleRequestKeyframe,
  'talk.start': handleStartTalking,
  'talk.stop': handleStopTalking,
  'alarm.trigger': handleTriggerAlarm,
};

export type PlatformMethod = keyof typeof handlers;

export function isPlatformMethod(method: string): method is PlatformMethod {
  return Object.hasOwn(handlers, method);
}

/** Methods that are answered, for the capabilities. */
export function answeredMethods(): readonly string[] {
  return Object.keys(handlers);
}
