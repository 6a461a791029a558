import { createRequire } from 'node:module';
import type { Page } from '@playwright/test';
import type Hls from 'hls.js';
import type { HlsConfig } from 'hls.js';

const player = createRequire(import.meta.url).resolve('hls.js/dist/hls.min.js');

declare global {
  interface Window {
    Hls: typeof Hls;
    hls: Hls;
    /** Names of the fatal errors of the player. */
    faults: string[];
  }
}

/** Plays `url` with hls.js on a page of another origin, muted. */
export async function playHls(
  page: Page,
  url: string,
  config: Partial<Pick<HlsConfig, 'lowLatencyMode' | 'maxLiveSyncPlaybackRate'>> = {},
): Promise<void> {
  await page.setContent('<video muted autoplay width="640" height="360" crossorigin="anonymous"></video>');
  await page.addScriptTag({ path: player });
  await page.evaluate(
    ([source, options]) => {
      const video = document.querySelector('video');
      if (video === null) throw new Error('no video');
      window.faults = [];
      window.hls = new window.Hls(options);
      window.hls.on(window.Hls.Events.ERROR, (_event, { fatal, details }) => fatal && window.faults.push(details));
      window.hls.loadSource(source);
      window.hls.attachMedia(video);
    },
    [url, config] as const,
  );
}
