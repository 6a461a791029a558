/** Bytes of `text` in UTF-8, without encoding it. Counts a lone surrogate as three bytes, as encoders replace it. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    // A surrogate pair is two units and four bytes, hence one more byte for each unit.
    bytes += unit < 0x800 || isPaired(text, index, unit) ? 1 : 2;
  }
  return bytes;
}

function isPaired(text: string, index: number, unit: number): boolean {
  if (unit >= 0xd800 && unit < 0xdc00) return (text.charCodeAt(index + 1) & 0xfc00) === 0xdc00;
  if (unit >= 0xdc00 && unit < 0xe000) return index > 0 && (text.charCodeAt(index - 1) & 0xfc00) === 0xd800;
  return false;
}
