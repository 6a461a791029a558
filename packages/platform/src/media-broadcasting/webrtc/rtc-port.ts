import { AppError, type Logger } from '@cardea/core';
import { RtcEngine, type RtcEngineOptions } from './rtc-engine.ts';

/** The UDP port of WebRTC, for those who watch and those who publish; there is none while it is off. */
export class RtcPort {
  private readonly settings: RtcEngineOptions | undefined;
  private readonly logger: Logger;
  private opened: RtcEngine | undefined;

  constructor(settings: RtcEngineOptions | undefined, logger: Logger) {
    this.settings = settings;
    this.logger = logger;
  }

  get engine(): RtcEngine | undefined {
    return this.opened;
  }

  /** Where the library cannot be loaded or the port is taken that is a warning, and WebRTC stays off. */
  async open(): Promise<void> {
    if (this.settings === undefined) return;
    try {
      this.opened = await RtcEngine.open(this.settings);
    } catch (error) {
      this.logger.warn({ err: error }, `WebRTC is off: ${AppError.from(error).message}`);
    }
  }

  /** Call when all its connections are closed. */
  close(): void {
    this.opened?.[Symbol.dispose]();
    this.opened = undefined;
  }
}
