import { conforms } from '@cardea/protocol';
import { CaseManifest } from '../model/case.ts';

/** The manifest of a case from its JSON; `undefined` for what is none. */
export function readManifest(json: string): CaseManifest | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return conforms(CaseManifest, value) ? value : undefined;
  } catch {
    return undefined;
  }
}
