import { useEffect, useState } from 'react';
import { useApp } from './app-context.ts';

/** The time, again every `periodMs`. */
export function useNow(periodMs: number): number {
  const { clock } = useApp();
  const [now, setNow] = useState(() => clock.nowMs());
  useEffect(() => {
    setNow(clock.nowMs());
    const timer = clock.every(periodMs, () => setNow(clock.nowMs()));
    return () => timer[Symbol.dispose]();
  }, [clock, periodMs]);
  return now;
}
