import { conforms, DeviceId } from '@cardea/protocol';
import { Type } from 'typebox';
import type { Exchange } from '../store/ports.ts';

/** The radios of sleeping devices that wait at this process. */
export interface LocalRadios {
  /** Wakes the device when its radio is here. */
  signal(deviceId: string): void;
  /** Calls `listener` whenever the radio of a device has connected here. */
  onRadio(listener: (deviceId: string) => void): Disposable;
}

export interface ClusterWakeOptions {
  readonly exchange: Exchange;
  readonly radios: LocalRadios;
}

const Radio = Type.Object({ deviceId: DeviceId });
const SIGNAL = 'wake.signal';
const RADIO = 'wake.radio';

/** The radios of sleeping devices of all processes: whoever wants a device woken tells all, and the one where its radio waits does it. */
export class ClusterWake implements LocalRadios, Disposable {
  private readonly options: ClusterWakeOptions;
  private readonly stack = new DisposableStack();

  constructor(options: ClusterWakeOptions) {
    this.options = options;
  }

  start(): void {
    const { exchange, radios } = this.options;
    this.stack.use(exchange.listen(SIGNAL, (body) => conforms(Radio, body) && radios.signal(body.deviceId)));
    this.stack.use(radios.onRadio((deviceId) => exchange.announce(RADIO, { deviceId })));
  }

  signal(deviceId: string): void {
    const { exchange, radios } = this.options;
    radios.signal(deviceId);
    exchange.announce(SIGNAL, { deviceId });
  }

  onRadio(listener: (deviceId: string) => void): Disposable {
    const { exchange, radios } = this.options;
    const stack = new DisposableStack();
    stack.use(radios.onRadio(listener));
    stack.use(exchange.listen(RADIO, (body) => conforms(Radio, body) && listener(body.deviceId)));
    return stack;
  }

  [Symbol.dispose](): void {
    this.stack.dispose();
  }
}
