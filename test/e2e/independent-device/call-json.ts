import { isObject, type Json, numberAt, parseObject, Refusal, textAt } from './json.ts';

const TIMEOUT_MS = 10_000;

/**
 * One JSON exchange over HTTP with a bearer token, as Vs and Vr use it; resolves with the answer, `{}` when it has no body.
 * @throws Refusal with the status, the code and the whole body of an error answer (section B1)
 */
export async function callJson(method: string, url: string, bearer: string, body?: Json): Promise<Json> {
  const response = await fetch(url, {
    method,
    redirect: 'error',
    headers: { authorization: `Bearer ${bearer}`, ...(body && { 'content-type': 'application/json' }) },
    signal: AbortSignal.timeout(TIMEOUT_MS),
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const answer = text === '' ? {} : parseObject(text);
  if (response.ok) return answer;
  const error = isObject(answer.error) ? answer.error : { code: 0, message: text };
  throw new Refusal(numberAt(error, 'code'), textAt(error, 'message'), response.status, answer);
}
