import type { SegmentKind } from '@cardea/protocol';

/** What a home may store. */
export interface StoragePlan {
  readonly active: boolean;
  readonly kind: 'none' | 'event' | 'continuous';
  readonly retainDays: number;
  readonly expiresAt?: number;
}

/** Where the plans of homes are known. */
export interface StoragePlans {
  /** Of a home, or of one of its cameras. */
  planOf(homeId: string, deviceId?: string): Promise<StoragePlan>;
}

/** Everyone who runs a platform at home stores everything: there is nobody to buy a plan from. */
export const continuousForAll: StoragePlans = {
  planOf: async () => ({ active: true, kind: 'continuous', retainDays: 30 }),
};

export const noPlan: StoragePlan = { active: false, kind: 'none', retainDays: 0 };

export function planCovers(plan: StoragePlan, kind: SegmentKind): boolean {
  if (!plan.active || plan.kind === 'none') return false;
  return plan.kind === 'continuous' || kind !== 'continuous';
}
