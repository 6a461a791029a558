import type { Clock } from '../clock.ts';

/** Tells of each picture a video element really shows. Dispose to stop. */
export function watchFrames(video: HTMLVideoElement, onFrame: () => void): Disposable {
  if (typeof video.requestVideoFrameCallback !== 'function') {
    video.addEventListener('timeupdate', onFrame);
    return { [Symbol.dispose]: () => video.removeEventListener('timeupdate', onFrame) };
  }
  const next = (): void => {
    onFrame();
    handle = video.requestVideoFrameCallback(next);
  };
  let handle = video.requestVideoFrameCallback(next);
  return { [Symbol.dispose]: () => video.cancelVideoFrameCallback(handle) };
}

/** Calls `onChange` when the page has been out of sight for `graceMs`, and when it comes back. Dispose to stop. */
export function watchPage(clock: Clock, graceMs: number, onChange: (seen: boolean) => void): Disposable {
  let timer: Disposable | undefined;
  const onVisibility = (): void => {
    timer?.[Symbol.dispose]();
    timer = undefined;
    if (document.visibilityState === 'visible') onChange(true);
    else timer = clock.after(graceMs, () => onChange(false));
  };
  const onHide = (): void => onChange(false);
  const onShow = (): void => onChange(true);
  document.addEventListener('visibilitychange', onVisibility);
  window.addEventListener('pagehide', onHide);
  window.addEventListener('pageshow', onShow);
  return {
    [Symbol.dispose]: () => {
      timer?.[Symbol.dispose]();
      document.removeEventListener('visibilitychange', onVisibility);
      window.removeEventListener('pagehide', onHide);
      window.removeEventListener('pageshow', onShow);
    },
  };
}
