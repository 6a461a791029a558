import { answerRequests } from '../gateway/requests.ts';
import { type NativeViewer, watchNatively } from './native-viewer.ts';

/** Viewers over WebRTC in a process. */
export type ViewerRequests = {
  /** Watches the address so many times over. */
  watch: [{ readonly url: string; readonly count: number }, null];
  /** Bytes that came so far. */
  bytes: [null, number];
};

const viewers: NativeViewer[] = [];
let received = 0;

answerRequests<ViewerRequests>({
  watch: async ({ url, count }) => {
    for (let viewer = 0; viewer < count; viewer += 1) {
      viewers.push(
        await watchNatively(url, ({ length }) => {
          received += length;
        }),
      );
    }
    return null;
  },
  bytes: async () => received,
});
