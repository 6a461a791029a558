import { AppError } from '@cardea/core';
import type { PlayState } from '@cardea/protocol';

export type PlayEvent = 'started' | 'pause' | 'resume' | 'seek' | 'landed' | 'end' | 'lost' | 'stop' | 'fail';

/** Where each event leads; an event that is missing cannot happen in that state. */
const transitions: Readonly<Record<PlayState, Partial<Record<PlayEvent, PlayState>>>> = {
  starting: { started: 'playing', stop: 'stopped', fail: 'error' },
  playing: { pause: 'paused', resume: 'playing', seek: 'seeking', end: 'ended', lost: 'starting', stop: 'stopped', fail: 'error' },
  paused: { pause: 'paused', resume: 'playing', seek: 'seeking', lost: 'starting', stop: 'stopped', fail: 'error' },
  seeking: { landed: 'playing', lost: 'starting', stop: 'stopped', fail: 'error' },
  ended: { seek: 'seeking', stop: 'stopped', fail: 'error' },
  stopped: { stop: 'stopped' },
  error: { stop: 'stopped' },
};

/** The states of a playback (B5.25): what leads from one to the other, and that a seek or a loss while paused stays paused. */
export class PlayMachine {
  private present: PlayState = 'starting';
  private wasPaused = false;

  get state(): PlayState {
    return this.present;
  }

  can(event: PlayEvent): boolean {
    return transitions[this.present][event] !== undefined;
  }

  /** @throws AppError INVALID_STATE when that cannot happen now */
  on(event: PlayEvent): void {
    const next = transitions[this.present][event];
    if (next === undefined) throw new AppError('INVALID_STATE', { state: this.present });
    if (event === 'seek' || event === 'lost') this.wasPaused = this.present === 'paused';
    const returns = event === 'landed' || event === 'started';
    this.present = returns && this.wasPaused ? 'paused' : next;
    if (returns) this.wasPaused = false;
  }
}
