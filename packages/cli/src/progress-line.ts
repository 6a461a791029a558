/** One line on the terminal that says how far long work is, written anew as it goes on; nothing where nobody looks. */
export class ProgressLine implements Disposable {
  private readonly watched = process.stderr.isTTY;
  private shown = false;

  show(text: string): void {
    if (!this.watched) return;
    this.shown = true;
    process.stderr.write(`\r\u001b[K${text}`);
  }

  [Symbol.dispose](): void {
    if (this.shown) process.stderr.write('\n');
    this.shown = false;
  }
}
