// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to show
const commanding = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * `text` with every character that commands a terminal or turns the direction of what follows spelled out as `\uXXXX`, as JSON
 * writes it, so that JSON stays the same JSON. Tabs and ends of lines stay.
 */
export function visibleText(text: string): string {
  return text.replace(commanding, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
