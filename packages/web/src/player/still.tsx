import { useLayoutEffect, useRef } from 'react';
import type { LastPicture } from './last-pictures.ts';

/** The last picture of a camera, as it was. */
export function Still({ picture, className }: { readonly picture: LastPicture; readonly className: string | undefined }) {
  const ref = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    ref.current?.getContext('2d')?.drawImage(picture.canvas, 0, 0);
  }, [picture]);
  return <canvas ref={ref} className={className} width={picture.canvas.width} height={picture.canvas.height} />;
}
