import { AppError } from '@cardea/core';

/** For messages this device does not answer; they are absent from its capabilities. @throws AppError NOT_SUPPORTED */
export async function notSupported(): Promise<never> {
  throw new AppError('NOT_SUPPORTED');
}
