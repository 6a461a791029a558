/** What a worklet finds in its own world, which the types of the page do not know. */
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;

/** Hands the sound on to the page, which makes frames of it. */
class Tap extends AudioWorkletProcessor {
  process([input]: readonly Float32Array[][]): boolean {
    const sound = input?.[0];
    if (sound !== undefined) this.port.postMessage(sound);
    return true;
  }
}

registerProcessor('tap', Tap);
