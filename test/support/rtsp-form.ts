import { once } from 'node:events';
import { connect } from 'node:net';
import { buildRtspRequest, type InterleavedFrame, type RtspMessage, RtspReader, type RtspResponse } from '@cardea/media';
import { type ReadForm, Refused } from './live-forms.ts';

/** Watches over RTSP on the one TCP connection, all tracks interleaved (RFC 2326 10.12), RTP packet by packet. */
export const readRtsp: ReadForm = async (url, { signal, onBytes }) => {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  const closed = once(socket, 'close');
  const stop = (): void => void socket.destroy();
  signal.addEventListener('abort', stop, { once: true });
  const reader = new RtspReader();
  let answered: (response: RtspResponse) => void = () => {};
  const take = (message: RtspMessage | InterleavedFrame): void => {
    if (message.kind === 'interleaved' && message.channel % 2 === 0) onBytes(message.payload);
    if (message.kind === 'response') answered(message);
  };
  socket.on('data', (bytes) => {
    for (const message of reader.push(bytes)) take(message);
  });
  let sequence = 0;
  const ask = async (method: string, address: string, headers: Readonly<Record<string, string>> = {}): Promise<RtspResponse> => {
    const { promise, resolve } = Promise.withResolvers<RtspResponse | undefined>();
    answered = resolve;
    void closed.then(() => resolve(undefined));
    sequence += 1;
    socket.write(buildRtspRequest(method, address, { headers: { CSeq: sequence, ...headers } }));
    const response = await promise;
    if (response?.statusCode !== 200) throw new Refused(response?.statusCode ?? 0, method);
    return response;
  };
  try {
    await once(socket, 'connect');
    const { body } = await ask('DESCRIBE', url, { Accept: 'application/sdp' });
    const [, ...controls] = [...new TextDecoder().decode(body).matchAll(/^a=control:(\S+)/gm)].map(([, address = '']) => address);
    let session = '';
    for (const [index, control] of controls.entries()) {
      const transport = `RTP/AVP/TCP;unicast;interleaved=${2 * index}-${2 * index + 1}`;
      const { headers } = await ask('SETUP', control, { Transport: transport, ...(session !== '' && { Session: session }) });
      session = (headers.session ?? '').split(';', 1)[0] ?? '';
    }
    await ask('PLAY', url, { Session: session });
    await closed;
    if (!signal.aborted) throw new Error('the stream ended early');
  } finally {
    socket.destroy();
    signal.removeEventListener('abort', stop);
  }
};
