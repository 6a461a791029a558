import { type CSSProperties, type SyntheticEvent, useState } from 'react';

interface Ratio {
  /** For the element around the picture. */
  readonly style: CSSProperties & Record<'--picture-ratio', string>;
  readonly onSize: (event: SyntheticEvent<HTMLVideoElement>) => void;
}

const USUAL = '16 / 9';

/** The aspect ratio of a picture, once it is known. */
export function useRatio(): Ratio {
  const [ratio, setRatio] = useState(USUAL);
  return {
    style: { '--picture-ratio': ratio },
    onSize: ({ currentTarget: { videoWidth, videoHeight } }) => {
      if (videoWidth > 0) setRatio(`${videoWidth} / ${videoHeight}`);
    },
  };
}
