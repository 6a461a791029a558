import { useEffect } from 'react';

/** Keeps the screen on while the page is in sight. Browsers allow it over https and on the machine itself only; elsewhere the screen does as it is set. */
export function useWakeLock(): void {
  useEffect(() => {
    if (!('wakeLock' in navigator)) return;
    const end = new AbortController();
    let held: WakeLockSentinel | undefined;
    // A browser takes the lock away from a page that is hidden.
    const hold = async (): Promise<void> => {
      if (document.visibilityState !== 'visible') return;
      held = await navigator.wakeLock.request('screen');
      if (end.signal.aborted) await held.release();
    };
    const tryHold = (): void => void hold().catch(() => {});
    document.addEventListener('visibilitychange', tryHold, { signal: end.signal });
    tryHold();
    return () => {
      end.abort();
      void held?.release().catch(() => {});
    };
  }, []);
}
