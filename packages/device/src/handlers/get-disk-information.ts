import { AppError } from '@cardea/core';

/** This device has no disk of its own. @throws AppError NO_DISK */
export async function handleGetDiskInformation(): Promise<never> {
  throw new AppError('NO_DISK');
}
