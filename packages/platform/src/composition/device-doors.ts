import { DeviceGateway } from '../access/device-gateway.ts';
import { registerFirmwareRoutes } from '../firmware/firmware-routes.ts';
import { SchedulingService } from '../scheduling/scheduling-service.ts';
import { registerVsRoutes } from '../scheduling/vs-routes.ts';
import { registerUploadRoutes } from '../uploads/upload-routes.ts';
import { registerVrRoutes } from '../video-service/vr-routes.ts';
import type { Cameras } from './cameras.ts';
import type { Foundation } from './foundation.ts';
import type { Nodes } from './nodes.ts';

/** What devices may ask of this process, by its roles; Vm is opened by live media. */
export interface DeviceDoors {
  /** Registers the routes; call before the process listens. */
  register(): void;
  start(): void;
}

export interface DeviceDoorsOptions {
  readonly base: Foundation;
  readonly nodes: Nodes;
  readonly cameras: Cameras;
}

export function openDeviceDoors({ base, cameras, nodes }: DeviceDoorsOptions, stack: AsyncDisposableStack): DeviceDoors {
  const { config, http, roles } = base;
  const returnsPerSec = config['limits.returnsPerSecond'];
  const scheduling = stack.use(
    new SchedulingService({
      ...base,
      servers: nodes.servers,
      admits: (deviceId) => config['enrolment.open'] || config['enrolment.devices'].includes(deviceId),
      wakeService: (holder) => nodes.wake.serviceFor(holder),
      limits: { perDeviceAndMinute: config['limits.schedulesPerMinute'], perSourceAndSecond: config['limits.schedulesPerSecond'] },
      returnsPerSec,
    }),
  );
  const gateway = new DeviceGateway({
    ...base,
    registry: nodes.local,
    handler: cameras.devices,
    maxReplacements: config['limits.replacements'],
    returnsPerSec,
  });
  return {
    register: () => {
      if (roles.includes('scheduling')) registerVsRoutes(http.app, scheduling, base);
      if (roles.includes('access')) gateway.attach(http);
      if (roles.includes('video')) registerVrRoutes(http.app, cameras.video, base);
      registerUploadRoutes(http.app, cameras.uploads, base);
      registerFirmwareRoutes(http.app, cameras.firmware.catalogue, base);
    },
    start: () => {
      if (roles.includes('scheduling')) scheduling.start();
    },
  };
}
