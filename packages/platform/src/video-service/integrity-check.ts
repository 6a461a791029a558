import { type Clock, hasStatus } from '@cardea/core';
import type { ObjectStore } from '../store/ports.ts';
import type { DamageRecord } from './damage-record.ts';
import { digestOf } from './object-probe.ts';
import type { SegmentRow } from './segment-catalogue.ts';

const MAX_REMEMBERED = 1_000;
const REMEMBERED_MS = 10 * 60_000;

/**
 * Proves before bytes are served that they still are the confirmed ones (reliability.md P8). A player asks for many ranges of
 * one segment, so a proof is remembered for ten minutes.
 */
export class IntegrityCheck {
  private readonly objects: ObjectStore;
  private readonly clock: Clock;
  private readonly damage: DamageRecord;
  private readonly proven = new Map<string, { readonly untilMs: number; readonly proof: Promise<void> }>();

  constructor({ objects, clock, damage }: { readonly objects: ObjectStore; readonly clock: Clock; readonly damage: DamageRecord }) {
    this.objects = objects;
    this.clock = clock;
    this.damage = damage;
  }

  /** @throws AppError OBJECT_MISMATCH; INTERNAL_ERROR when the bytes are gone */
  async assertIntact(row: SegmentRow): Promise<void> {
    const known = this.proven.get(row.id);
    if (known !== undefined && known.untilMs > this.clock.monotonicMs()) return await known.proof;
    const proof = this.prove(row);
    this.proven.delete(row.id);
    this.proven.set(row.id, { untilMs: this.clock.monotonicMs() + REMEMBERED_MS, proof });
    const [oldest] = this.proven.keys();
    if (this.proven.size > MAX_REMEMBERED && oldest !== undefined) this.proven.delete(oldest);
    try {
      await proof;
    } catch (error) {
      this.proven.delete(row.id);
      throw error;
    }
  }

  private async prove(row: SegmentRow): Promise<void> {
    try {
      if ((await digestOf(this.objects, row.object_key)) === row.sha256) return await this.damage.isSound(row);
    } catch (error) {
      if (!hasStatus(error, 'NOT_FOUND')) throw error;
      throw await this.damage.found(row, 'gone');
    }
    throw await this.damage.found(row, 'damaged');
  }
}
