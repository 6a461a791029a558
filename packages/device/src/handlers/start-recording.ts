import type { ParamsOf, ResultOf, startRecording } from '@cardea/protocol';
import type { HandlerContext } from './context.ts';

export async function handleStartRecording(
  params: ParamsOf<typeof startRecording>,
  { channel, recording }: Pick<HandlerContext, 'channel' | 'recording'>,
): Promise<ResultOf<typeof startRecording>> {
  channel(params.channel);
  return recording.start(params);
}
