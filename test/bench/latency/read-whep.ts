import { once } from 'node:events';
import type { ReadForm } from '../../support/live-forms.ts';
import { watchNatively } from '../whep/native-viewer.ts';

/** Pictures over WebRTC, packet by packet as they come; SEI stands in them as it was sent. */
export const readWhep: ReadForm = async (url, { signal, onBytes }) => {
  const { peer } = await watchNatively(url, onBytes);
  if (!signal.aborted) await once(signal, 'abort');
  peer.close();
};
