import type { DiskState } from '@cardea/protocol';

/** In which state a disk is that answered a write with `error`. */
export function diskStateOf(error: unknown): DiskState {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return 'full';
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return 'readOnly';
    default:
      return 'error';
  }
}
