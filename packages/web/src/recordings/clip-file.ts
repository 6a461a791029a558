import { ApiProblem } from '@cardea/api';
import type { Span } from './coverage.ts';

/**
 * Why the file at `address` cannot be had, asked for before the browser is sent there, where it could show no reason;
 * `undefined` when it can.
 * @throws ApiProblem when nobody answers
 */
export async function refusalOf(address: string): Promise<ApiProblem | undefined> {
  const ask = (method: 'HEAD' | 'GET'): Promise<Response> =>
    fetch(address, { method, credentials: 'same-origin' }).catch((cause: unknown) => {
      throw ApiProblem.unreachable(cause);
    });
  if ((await ask('HEAD')).ok) return undefined;
  // Only this answer has a body with the reason.
  const response = await ask('GET');
  if (!response.ok) return await ApiProblem.fromResponse(response);
  await response.body?.cancel();
  return undefined;
}

/** The stretches that can be had one by one where the format of the recording changes; none when that is not the reason. */
export function partsOf({ details }: ApiProblem): readonly Span[] {
  const parts: unknown = details?.parts;
  return Array.isArray(parts) ? parts.filter(isSpan) : [];
}

/** Has the browser save what is at `address`. */
export function saveFile(address: string): void {
  const link = document.createElement('a');
  link.href = address;
  link.download = '';
  link.click();
}

function isSpan(part: unknown): part is Span {
  return (
    typeof part === 'object' &&
    part !== null &&
    'from' in part &&
    'to' in part &&
    typeof part.from === 'number' &&
    typeof part.to === 'number'
  );
}
