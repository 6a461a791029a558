import type { Socket } from 'node:net';
import type { Clock, Timer } from '@cardea/core';
import { sleepTimers } from '@cardea/protocol';
import { AUTH_BYTES, type PassHolder, type WakePass } from './wake-passes.ts';

export interface WakeConnectionOptions {
  readonly socket: Socket;
  readonly heartbeatSec: number;
  /** Who shows these bytes; `undefined` refuses. */
  readonly admit: (auth: Uint8Array) => Promise<(PassHolder & WakePass) | undefined>;
  /** Admitted, and again at each heartbeat. */
  readonly onSign: (connection: WakeConnection) => void;
  /** Called once. */
  readonly onClosed: (connection: WakeConnection) => void;
  readonly clock: Clock;
}

/** For the handshake of TLS, if any, and the pass together. */
const AUTH_TIMEOUT_MS = 5_000;

/** The radio of one sleeping device: it showed its pass, sends heartbeats, and wakes the device when told to. */
export class WakeConnection {
  private readonly options: WakeConnectionOptions;
  private owner: (PassHolder & WakePass) | undefined;
  private unread: Buffer = Buffer.alloc(0);
  private admitting = false;
  private silence: Timer;

  constructor(options: WakeConnectionOptions) {
    const { clock, onClosed, socket } = options;
    this.options = options;
    this.silence = clock.setTimer(AUTH_TIMEOUT_MS, () => this.close());
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes) => this.onBytes(bytes));
    socket.once('close', () => {
      this.silence[Symbol.dispose]();
      onClosed(this);
    });
  }

  /** Absent until the radio showed its pass. */
  get deviceId(): string | undefined {
    return this.owner?.deviceId;
  }

  /** Tells the radio to wake its device. Whether it does shows only when the device connects. */
  wake(): void {
    if (this.owner !== undefined) this.options.socket.write(this.owner.wake);
  }

  close(): void {
    this.options.socket.destroy();
  }

  /** Nothing but one pass and then the same heartbeat is ever due, so that more than that cannot pile up. */
  private onBytes(bytes: Buffer): void {
    this.unread = Buffer.concat([this.unread, bytes]);
    if (this.unread.length > 2 * AUTH_BYTES) this.close();
    else if (this.owner !== undefined) this.readHeartbeats(this.owner.heartbeat);
    else if (this.unread.length >= AUTH_BYTES && !this.admitting) this.readPass();
  }

  private readPass(): void {
    this.admitting = true;
    const auth = this.unread.subarray(0, AUTH_BYTES);
    this.unread = this.unread.subarray(AUTH_BYTES);
    this.options.admit(auth).then(
      (owner) => this.onAdmitted(owner),
      () => this.close(),
    );
  }

  private onAdmitted(owner: (PassHolder & WakePass) | undefined): void {
    if (owner === undefined || this.options.socket.destroyed) {
      this.close();
      return;
    }
    this.owner = owner;
    this.heard();
    this.readHeartbeats(owner.heartbeat);
  }

  private readHeartbeats(heartbeat: Uint8Array): void {
    let beats = 0;
    for (; this.unread.length >= heartbeat.length; beats += 1) {
      if (!this.unread.subarray(0, heartbeat.length).equals(heartbeat)) {
        this.close();
        return;
      }
      this.unread = this.unread.subarray(heartbeat.length);
    }
    if (beats > 0) this.heard();
  }

  private heard(): void {
    const { clock, heartbeatSec, onSign } = this.options;
    this.silence[Symbol.dispose]();
    this.silence = clock.setTimer(heartbeatSec * sleepTimers.heartbeatsMissedMax * 1_000, () => this.close());
    onSign(this);
  }
}
