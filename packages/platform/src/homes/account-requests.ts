import { AppError } from '@cardea/core';
import { isAPIError } from 'better-auth/api';

/** Settles as `work` does; what better-auth refuses becomes `status`. */
export async function refusedAs<T>(status: 'UNAUTHORIZED' | 'FORBIDDEN' | 'INVALID_PARAMS', work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw isRefusal(error) ? new AppError(status, undefined, { cause: error }) : AppError.from(error);
  }
}

/** An error of better-auth that the caller is to blame for. */
export function isRefusal(error: unknown): error is Error & { readonly statusCode: number } {
  return isAPIError(error) && error.statusCode < 500;
}

export function credentialHeaders(credential: string): Headers {
  return new Headers({ authorization: `Bearer ${credential}` });
}
