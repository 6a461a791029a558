import { readFile } from 'node:fs/promises';
import { answerRequests } from '../gateway/requests.ts';
import { publishFilm, type RtmpFilm, readRtmpFilm } from './rtmp-source.ts';

/** A process that publishes. */
export type SourceRequests = {
  load: [{ readonly path: string }, null];
  publish: [{ readonly url: string }, null];
  stop: [null, null];
};

let film: RtmpFilm | undefined;
let stopping = new AbortController();

answerRequests<SourceRequests>({
  load: async ({ path }) => {
    film = await readRtmpFilm(await readFile(path));
    return null;
  },
  publish: async ({ url }) => {
    if (film === undefined) throw new Error('no film');
    publishFilm(film, url, stopping.signal).catch((error: unknown) => console.error(error));
    return null;
  },
  stop: async () => {
    stopping.abort();
    stopping = new AbortController();
    return null;
  },
});
