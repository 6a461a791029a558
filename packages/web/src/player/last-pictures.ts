/** A picture that was on show, and when. */
export interface LastPicture {
  readonly canvas: HTMLCanvasElement;
  /** Unix ms. */
  readonly takenAt: number;
}

const MAX_PICTURES = 32;
/** As large as a tile on a dense screen. */
const MAX_WIDTH = 960;

/** The last picture of each camera, at most 32, so that there is something to see, with its age, before the next comes. */
export class LastPictures {
  private readonly pictures = new Map<string, LastPicture>();

  get(key: string): LastPicture | undefined {
    return this.pictures.get(key);
  }

  /** Keeps what `video` shows; nothing when it shows nothing. */
  keep(key: string, video: HTMLVideoElement, takenAt: number): void {
    if (video.videoWidth === 0 || video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return;
    const canvas = drawnSmall(video, { width: video.videoWidth, height: video.videoHeight });
    this.pictures.delete(key);
    this.pictures.set(key, { canvas, takenAt });
    const [oldest] = this.pictures.keys();
    if (this.pictures.size > MAX_PICTURES && oldest !== undefined) this.pictures.delete(oldest);
  }
}

/** A copy of a picture, no larger than a tile shows it. */
export function drawnSmall(
  source: CanvasImageSource,
  { width, height }: { readonly width: number; readonly height: number },
): HTMLCanvasElement {
  const scale = Math.min(1, MAX_WIDTH / width);
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.getContext('2d')?.drawImage(source, 0, 0, canvas.width, canvas.height);
  return canvas;
}
