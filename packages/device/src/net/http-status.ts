import type { StatusName } from '@cardea/protocol';

const statusByHttp: Readonly<Record<number, StatusName>> = {
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  426: 'VERSION_UNSUPPORTED',
  429: 'RATE_LIMITED',
  503: 'NO_CAPACITY',
};

/** What a refusal with this HTTP status means when no readable error came with it. */
export function statusOfHttp(httpStatus: number): StatusName {
  return statusByHttp[httpStatus] ?? (httpStatus >= 500 ? 'GOING_AWAY' : 'UNSPECIFIED');
}
