import type { ParamsOf, ResultOf, stopRecording } from '@cardea/protocol';
import type { HandlerContext } from './context.ts';

export async function handleStopRecording(
  params: ParamsOf<typeof stopRecording>,
  { recording }: Pick<HandlerContext, 'recording'>,
): Promise<ResultOf<typeof stopRecording>> {
  return recording.stop(params);
}
