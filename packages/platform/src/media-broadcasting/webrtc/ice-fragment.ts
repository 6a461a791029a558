/** What a `application/trickle-ice-sdpfrag` body brings. */
export interface IceFragment {
  readonly ufrag: string | undefined;
  readonly candidates: readonly { readonly mid: string; readonly candidate: string }[];
}

const MAX_LINES = 256;

/** Reads candidates that came after an offer (RFC 8840 9). Lines that say nothing here are read past. */
export function readIceFragment(text: string): IceFragment {
  let mid = '';
  let ufrag: string | undefined;
  const candidates: { readonly mid: string; readonly candidate: string }[] = [];
  for (const line of text.split(/\r?\n/).slice(0, MAX_LINES)) {
    const [, name = '', value = ''] = /^a=([a-z-]+)(?::(.*))?$/.exec(line) ?? [];
    if (name === 'mid') mid = value;
    if (name === 'ice-ufrag') ufrag ??= value;
    if (name === 'candidate') candidates.push({ mid, candidate: `a=candidate:${value}` });
  }
  return { ufrag, candidates };
}
