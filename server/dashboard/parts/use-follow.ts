import { type RefObject, useLayoutEffect, useRef, useState } from 'react';

const slackPx = 24;

/** Keeps a scrolled box at its end while lines come, until somebody scrolls up; then its place stays. */
export function useFollow(): {
  readonly box: RefObject<HTMLDivElement | null>;
  readonly following: boolean;
  readonly onScroll: () => void;
  readonly toEnd: () => void;
} {
  const box = useRef<HTMLDivElement>(null);
  const lastTop = useRef(0);
  const [following, setFollowing] = useState(true);

  // After every drawing: lines may have come, or the box may have changed its width.
  useLayoutEffect(() => {
    if (following && box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  });

  const onScroll = () => {
    const element = box.current;
    if (element === null) return;
    const atEnd = element.scrollHeight - element.scrollTop - element.clientHeight < slackPx;
    // Only a move upwards is somebody's wish: content that grows below also leaves the end behind.
    if (atEnd) setFollowing(true);
    else if (element.scrollTop < lastTop.current - 1) setFollowing(false);
    lastTop.current = element.scrollTop;
  };
  return { box, following, onScroll, toEnd: () => setFollowing(true) };
}
