import { callJson } from './call-json.ts';
import type { Identity } from './identity.ts';
import { isObject, type Json, numberAt, objectAt, Refusal, textAt } from './json.ts';
import { ulid } from './ulid.ts';

const CLOCK_SKEW = 1703;

/** What the scheduler decided, as far as this device reads it (B2.1). */
export interface Schedule {
  readonly scheduleId: string;
  readonly vdUrl: string;
  readonly vdToken: string;
  readonly keepAliveSec: number;
  readonly bound: boolean;
  readonly hasVideoService: boolean;
}

/** The Vs side of a device: its clock, and asking which servers to use. */
export class Scheduling {
  private readonly vsUrl: string;
  private readonly identity: Identity;
  private offsetMs: number;

  /** `offsetMs` is how wrong the clock of the device is at power up. */
  constructor(vsUrl: string, identity: Identity, offsetMs = 0) {
    this.vsUrl = vsUrl;
    this.identity = identity;
    this.offsetMs = offsetMs;
  }

  /** The time this device believes in, Unix milliseconds. */
  now(): number {
    return Date.now() + this.offsetMs;
  }

  /** Asks once with the given proof. @throws Refusal */
  async ask(reason: string, proof = this.identity.proof(this.now())): Promise<Schedule> {
    return decode(await callJson('POST', `${this.vsUrl}/schedule`, proof, this.request(reason)));
  }

  /** Asks, and when the scheduler says that the clock is wrong, corrects it and asks once more (C1.3). @throws Refusal */
  async schedule(reason: string): Promise<Schedule> {
    try {
      return await this.ask(reason);
    } catch (error) {
      if (!(error instanceof Refusal) || error.code !== CLOCK_SKEW) throw error;
      this.offsetMs = numberAt(error.body, 'serverTime') - Date.now();
      return await this.ask(reason);
    }
  }

  private request(reason: string): Json {
    return {
      requestId: ulid(),
      deviceId: this.identity.deviceId,
      productId: 'porch-1',
      vendor: 'Somebody Else',
      model: 'Porch One',
      serial: 'SE-0001',
      firmware: '0.9.1',
      profiles: ['hss-open-1'],
      reason,
      channels: 1,
      network: { type: 'ethernet' },
      // A member of the maker's own, which a platform ignores (B0).
      'x-colour': 'green',
    };
  }
}

function decode(answer: Json): Schedule {
  const vd = objectAt(answer, 'vd');
  const [url] = Array.isArray(vd.urls) ? (vd.urls as readonly unknown[]) : [];
  if (typeof url !== 'string') throw new Refusal(-32602, 'no address for Vd');
  return {
    scheduleId: textAt(answer, 'scheduleId'),
    vdUrl: url,
    vdToken: textAt(vd, 'token'),
    keepAliveSec: numberAt(vd, 'keepAliveSec'),
    bound: answer.bound === true,
    hasVideoService: isObject(answer.vr),
  };
}
