import type { HandlersFor } from '@cardea/protocol';
import type { BindingHandler } from './binding-handler.ts';
import type { DeviceRow } from './device-records.ts';
import type { EventHandlers } from './event-handlers.ts';
import type { KeepAliveHandler } from './keep-alive-handler.ts';
import type { DeviceConnection } from './ports.ts';
import type { ServerInformation } from './server-information.ts';

/** What the handler of a device's message is told beside its params. */
export interface MessageContext {
  /** The device as the store has it now. */
  readonly device: DeviceRow;
  readonly connection: DeviceConnection;
}

interface MessageHandlerParts {
  readonly keepAlive: KeepAliveHandler;
  readonly serverInformation: ServerInformation;
  readonly binding: BindingHandler;
  readonly events: EventHandlers;
}

/** One handler per message a device sends; a message without one does not compile. */
export function createMessageHandlers(parts: MessageHandlerParts): HandlersFor<'device', MessageContext> {
  const { binding, events, keepAlive, serverInformation } = parts;
  return {
    'device.keepAlive': (params, context) => keepAlive.answer(params, context),
    'server.getInfo': (params, { device }) => serverInformation.answer(params, device),
    'binding.report': (params, { device }) => binding.answer(params, device),
    'alarm.notify': (params, { device }) => events.alarm(params, device),
    'power.batteryChanged': (params, { device }) => events.battery(params, device),
    'log.uploadDone': (params, { device }) => events.log(params, device),
    'live.changed': (params, { device }) => events.live(params, device),
    'firmware.changed': (params, { device }) => events.firmware(params, device),
    'config.changed': (params, { device }) => events.config(params, device),
    'channel.changed': (params, { device }) => events.channel(params, device),
    'power.sleeping': (params, { device }) => events.sleeping(params, device),
  };
}
