const rules: readonly (readonly [RegExp, string])[] = [
  // Addresses keep host and path: what follows may be a credential, and so may what stands before the host.
  [/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@"'\\]+@/gi, '$1'],
  [/(\b[a-z][a-z0-9+.-]*:\/\/[^\s?#"'\\]+)[?#][^\s"'\\]*/gi, '$1'],
  [/\bey[\w-]{8,}\.[\w-]+\.[\w-]*/g, '[token]'],
  [/\b(bearer) +[^\s"'\\]+/gi, '$1 [token]'],
  [/("(?:\w*token|password|secret|authorization|signature)":)"(?:[^"\\]|\\.)*"/gi, '$1"[removed]"'],
];

/** A line of log without what would let its reader in somewhere. */
export function scrub(line: string): string {
  return rules.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), line);
}
