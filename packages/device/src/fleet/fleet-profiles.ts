import type { Clock, Logger } from '@cardea/core';
import type { AlarmType } from '@cardea/protocol';
import type { Camera, CameraChannel } from '../camera.ts';
import { createSimulatedCamera, type Scene, type SceneClips } from '../sources/simulated.ts';

/** What a device of a fleet is. */
export const fleetProfiles = ['camera', 'doorbell', 'battery', 'nvr'] as const;
export type FleetProfile = (typeof fleetProfiles)[number];

export interface ProfileCameraOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly clips: SceneClips;
  readonly stateDirectory: string;
  /** Counts the devices of the fleet from 0. */
  readonly index: number;
}

const scenes: readonly Scene[] = ['front-door', 'garden'];
const NVR_CHANNELS = 4;

/** What notices something by itself now and then, by profile. */
export const profileAlarms: Readonly<Partial<Record<FleetProfile, AlarmType>>> = { doorbell: 'doorbell', battery: 'pir' };

export async function openProfileCamera(profile: FleetProfile, options: ProfileCameraOptions): Promise<Camera> {
  const { index } = options;
  const scene = scenes[index % scenes.length] ?? 'front-door';
  const battery = profile === 'battery' && { levelPct: 100 - ((index * 7) % 60), seed: index + 1 };
  const camera = await createSimulatedCamera({ ...options, scene, battery, serial: `fleet-${index + 1}` });
  if (profile === 'nvr') return withChannels(camera, await secondScene(scene, options));
  const alarm = profileAlarms[profile];
  if (alarm === undefined) return camera;
  const channels = camera.channels.map((channel) => ({ ...channel, detections: [...channel.detections, alarm] }));
  return { ...camera, about: { ...camera.about, model: `Simulated ${profile}` }, channels };
}

async function secondScene(first: Scene, options: ProfileCameraOptions): Promise<Camera> {
  return await createSimulatedCamera({ ...options, scene: scenes.find((scene) => scene !== first) ?? first });
}

/** A recorder with lenses elsewhere: its channels show both scenes in turn, and none has a head. */
function withChannels(camera: Camera, other: Camera): Camera {
  const lenses = [camera, other].flatMap(({ channels }) => channels.slice(0, 1));
  const channels = Array.from({ length: NVR_CHANNELS }, (_, at): CameraChannel | undefined => {
    const lens = lenses[at % lenses.length];
    if (lens === undefined) return undefined;
    const { head: _head, ...still } = lens;
    return { ...still, channel: at + 1, name: `${lens.name} ${at + 1}` };
  });
  return {
    ...camera,
    about: { ...camera.about, model: 'Simulated recorder' },
    channels: channels.filter((channel) => channel !== undefined),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([camera[Symbol.asyncDispose](), other[Symbol.asyncDispose]()]);
    },
  };
}
