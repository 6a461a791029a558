import { type RefObject, useEffect, useRef, useState } from 'react';

/** Pictures begin to load a little before they come into sight. */
const AHEAD = '200px';

/** Whether an element is in sight, or nearly. */
export function useInSight<E extends Element>(): { readonly ref: RefObject<E | null>; readonly inSight: boolean } {
  const ref = useRef<E>(null);
  const [inSight, setInSight] = useState(false);
  useEffect(() => {
    const element = ref.current;
    if (element === null) return;
    const observer = new IntersectionObserver((entries) => setInSight(entries.at(-1)?.isIntersecting === true), { rootMargin: AHEAD });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return { ref, inSight };
}
