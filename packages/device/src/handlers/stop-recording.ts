import type { ParamsOf, ResultOf, stopRecording } from '@cardea/protocol';
import type { HandlerContext } from './context.ts';

export async function handleStopRecording(
  params: ParamsOf<typeof stopRecording>,
  { channel, recording }: Pick<HandlerContext, 'channel' | 'recording'>,
): Promise<ResultOf<typeof stopRecording>> {
  if (params.channel !== undefined) channel(params.channel);
  return recording.stop(params);
}
