/**
 * Tells which of `keys` (lower case) are held, each time that changes, wherever the focus is, unless it is where one writes.
 * Returns what ends it.
 */
export function followHeldKeys(keys: readonly string[], onChange: (held: readonly string[]) => void): () => void {
  const held = new Set<string>();
  const tell = (): void => onChange([...held]);
  const onDown = (event: KeyboardEvent): void => {
    const key = event.key.toLowerCase();
    if (!keys.includes(key) || event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) return;
    if (event.repeat) return;
    held.add(key);
    tell();
  };
  const onUp = (event: KeyboardEvent): void => {
    if (held.delete(event.key.toLowerCase())) tell();
  };
  const onBlur = (): void => {
    if (held.size === 0) return;
    held.clear();
    tell();
  };
  window.addEventListener('keydown', onDown);
  window.addEventListener('keyup', onUp);
  window.addEventListener('blur', onBlur);
  return () => {
    window.removeEventListener('keydown', onDown);
    window.removeEventListener('keyup', onUp);
    window.removeEventListener('blur', onBlur);
  };
}

function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable], [role=dialog]') !== null;
}
