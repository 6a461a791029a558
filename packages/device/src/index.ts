export { Agent, createAgent } from './agent.ts';
export type { AgentOptions } from './agent-state.ts';
export type { Alarm, TimedAlarm } from './alarms/alarms.ts';
export type {
  Camera,
  CameraAudio,
  CameraChannel,
  CameraDescription,
  CameraHead,
  CameraSpeaker,
  CameraStream,
  HeadCommand,
  HeadOutcome,
  MediaReceiver,
  MediaRun,
  Picture,
  PictureRequest,
  PictureTaker,
  PowerUse,
  PresetList,
  ReadOptions,
  SpeakerVoice,
} from './camera.ts';
export { Fleet, type FleetOptions, type FleetState } from './fleet/fleet.ts';
export { type FleetFault, fleetFaults } from './fleet/fleet-faults.ts';
export { type FleetProfile, fleetProfiles } from './fleet/fleet-profiles.ts';
export { type FleetRunOptions, startFleet } from './fleet/start-fleet.ts';
export { DeviceIdentity, loadIdentity } from './identity.ts';
export { DeviceLog, type DeviceLogOptions } from './logs/device-log.ts';
export { type RunOptions, runDevice } from './main.ts';
export { SimulatedBattery, type SimulatedBatteryOptions } from './power/simulated-battery.ts';
export type { Restart } from './restarts.ts';
export { RunningDevice, type RunningDeviceOptions } from './running-device.ts';
export { createFileCamera } from './sources/file.ts';
export { parseRtspAddress } from './sources/rtsp/rtsp-address.ts';
export { createRtspCamera, type RtspCameraOptions } from './sources/rtsp/rtsp-camera.ts';
export { createSimulatedCamera, type Scene, type SimulatedCameraOptions } from './sources/simulated.ts';
