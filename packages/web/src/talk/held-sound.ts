/** Sound on its way to somebody who may not be there yet: the newest of it is kept until they are. */
export class HeldSound {
  private readonly maxSamples: number;
  private held: Float32Array[] = [];
  private heldSamples = 0;
  private listener: ((sound: Float32Array) => void) | undefined;

  constructor(maxSamples: number) {
    this.maxSamples = maxSamples;
  }

  push(sound: Float32Array): void {
    if (this.listener !== undefined) {
      this.listener(sound);
      return;
    }
    this.held.push(sound);
    this.heldSamples += sound.length;
    while (this.heldSamples > this.maxSamples) this.heldSamples -= this.held.shift()?.length ?? this.heldSamples;
  }

  /** Gives what was kept, and what comes, to `listener`; without one it is kept. */
  flowTo(listener: ((sound: Float32Array) => void) | undefined): void {
    this.listener = listener;
    this.heldSamples = 0;
    for (const sound of this.held.splice(0)) listener?.(sound);
  }
}
